// What each field of a message must be, and the two places that check it: the JSON text of an
// untrusted peer, and the options of `new Message`.

import { ChanError } from './errors.js'
import { isValidName } from './names.js'
import { hasInfinity } from './payload.js'

/** The checked parts of a message's JSON text. */
export interface MessageFields {
  readonly channel: string
  readonly data: unknown
  readonly sender: string | null
  readonly timestamp: number
  readonly offset: number | undefined
  readonly epoch: string | undefined
  readonly id: string | undefined
}

type Rule = readonly [expected: string, accepts: (value: unknown) => boolean]

const name: Rule = ['a string of 1–255 bytes without control characters', isValidName]
const optionRules = {
  sender: ['null or a string of 1–255 bytes without control characters', isSender],
  timestamp: ['a finite number of seconds', Number.isFinite],
  offset: ['a whole number from 1', isOffset],
  epoch: name,
  id: name,
} satisfies Record<string, Rule>
const rules: Readonly<Record<keyof MessageFields, Rule>> = {
  channel: name,
  data: ['a JSON value whose numbers are finite', (value) => !hasInfinity(value)],
  ...optionRules,
}

/**
 * Checks the optional fields of `new Message`; undefined counts as absent.
 * @throws {ChanError} `invalid-option`, naming the field
 */
export function checkMessageOptions(
  options: { readonly [K in keyof typeof optionRules]?: unknown },
) {
  for (const [key, [expected, accepts]] of Object.entries(optionRules)) {
    const value = options[key as keyof typeof optionRules]
    // Null stands for an absent sender only.
    if (value === undefined || accepts(value)) continue
    throw new ChanError(
      'invalid-option',
      `'${key}' of a message must be ${expected}.`,
      `Leave '${key}' out, or pass ${expected}.`,
    )
  }
}

/**
 * Parses a message's JSON text and checks every field. Only own keys of the parsed object are read,
 * so a `__proto__` key (which `JSON.parse` makes an ordinary own key) and a polluted
 * `Object.prototype` have no effect.
 * @throws {ChanError} `invalid-payload`, telling what is malformed
 */
export function readMessageFields(text: string): MessageFields {
  const object = parseObject(text)
  for (const key of ['channel', 'data'] as const) {
    if (!Object.hasOwn(object, key)) throw malformed(`'${key}' is missing`)
  }
  return {
    channel: read(object, 'channel') as string,
    data: read(object, 'data'),
    sender: (read(object, 'sender') ?? null) as string | null,
    timestamp: (read(object, 'timestamp') ?? Date.now() / 1000) as number,
    offset: read(object, 'offset') as number | undefined,
    epoch: read(object, 'epoch') as string | undefined,
    id: read(object, 'id') as string | undefined,
  }
}

function read(object: object, key: keyof MessageFields): unknown {
  if (!Object.hasOwn(object, key)) return undefined
  const value = (object as Record<string, unknown>)[key]
  const [expected, accepts] = rules[key]
  if (!accepts(value)) throw malformed(`'${key}' must be ${expected}`)
  return value
}

function parseObject(text: string): object {
  if (typeof text !== 'string') {
    throw malformed(`expected JSON text, got ${text === null ? 'null' : typeof text}`)
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw malformed(`not JSON (${(cause as Error).message})`, cause)
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  const found = value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`
  throw malformed(`expected a JSON object, got ${found}`)
}

function isSender(value: unknown): boolean {
  return value === null || isValidName(value)
}

function isOffset(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1
}

function malformed(why: string, cause?: unknown): ChanError {
  return new ChanError(
    'invalid-payload',
    `Malformed message: ${why}.`,
    'Pass the text that message.toJson() gave: {"channel":…,"data":…,"sender":…,"timestamp":…}.',
    cause === undefined ? {} : { cause },
  )
}
