// Message data as JSON text: what may be published, its size in bytes, and the frozen value
// that subscribers share.

import { ChanError } from './errors.js'

/**
 * The JSON text of a message's data, exactly as `JSON.stringify` gives it: nested undefined and
 * functions drop, a Date becomes text, NaN becomes null. Lone surrogates and U+0000 inside strings
 * are allowed, because JSON text carries them as escapes (`\ud800`, `\u0000`): the text itself is
 * always well-formed and can be stored anywhere.
 * @throws {ChanError} `invalid-payload` for undefined, a function or a symbol at the top, BigInt,
 * cycles, nesting too deep to encode, and a `toJSON` or getter that throws (kept as `cause`)
 */
export function encodePayload(data: unknown): string {
  let text: string | undefined
  try {
    text = JSON.stringify(data)
  } catch (cause) {
    throw refusal(cause)
  }
  if (text !== undefined) return text
  const kind = typeof data
  throw new ChanError(
    'invalid-payload',
    kind === 'undefined' || kind === 'function' || kind === 'symbol'
      ? `Message data is ${kind === 'undefined' ? kind : `a ${kind}`}, which JSON cannot express.`
      : 'The toJSON of the message data gave nothing that JSON can express.',
    'Publish an object, array, string, number, boolean or null; use null for "nothing".',
  )
}

/**
 * Whether parsed JSON holds a number too large for JavaScript, such as `1e999`: it could not be
 * encoded again. Depth costs no stack.
 */
export function hasInfinity(value: unknown): boolean {
  const pending: unknown[] = [value]
  while (pending.length > 0) {
    const next = pending.pop()
    if (typeof next === 'number' && !Number.isFinite(next)) return true
    if (typeof next !== 'object' || next === null) continue
    for (const child of Object.values(next)) {
      if (typeof child === 'object' || typeof child === 'number') pending.push(child)
    }
  }
  return false
}

/** Characters from which encoding by the platform is faster than counting here. */
const LONG = 256
const encoder = new TextEncoder()

/** Bytes of the UTF-8 form of a text; a lone surrogate counts as the 3 bytes of its replacement. */
export function byteLength(text: string): number {
  const length = text.length
  if (length > LONG) return encoder.encode(text).length
  let bytes = length
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) continue
    if (unit < 0x800) bytes += 1
    else {
      bytes += 2
      // A pair is four bytes for two units: 1 + 1 + 2, its second half adds nothing.
      if (unit >= 0xd800 && unit < 0xdc00 && isLow(text.charCodeAt(i + 1))) i++
    }
  }
  return bytes
}

/**
 * Freezes a JSON-like tree (plain objects, arrays, scalars) all the way down and returns it.
 * An object already frozen is taken as frozen below too. Depth costs no stack.
 */
export function freezeDeep<T>(value: T): T {
  const pending: unknown[] = [value]
  while (pending.length > 0) {
    const next = pending.pop()
    if (typeof next !== 'object' || next === null || Object.isFrozen(next)) continue
    Object.freeze(next)
    for (const child of Object.values(next)) {
      if (typeof child === 'object' && child !== null) pending.push(child)
    }
  }
  return value
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000
}

/** Engines word these two errors differently, but each names its subject. */
function refusal(cause: unknown): ChanError {
  const text = cause instanceof Error ? cause.message : String(cause)
  const typeError = cause instanceof TypeError
  if (typeError && /bigint/i.test(text)) {
    return new ChanError(
      'invalid-payload',
      'Message data contains a BigInt, which JSON cannot express.',
      'Send it as a string: String(value).',
      { cause },
    )
  }
  if (typeError && /circular|cyclic/i.test(text)) {
    return new ChanError(
      'invalid-payload',
      'Message data contains a cycle: an object that is inside itself.',
      'Publish a plain copy without back references, for example ids instead of parent objects.',
      { cause },
    )
  }
  return new ChanError(
    'invalid-payload',
    `Message data could not be encoded as JSON: ${text}`,
    'Check the toJSON methods and getters of the data, and how deeply it is nested.',
    { cause },
  )
}
