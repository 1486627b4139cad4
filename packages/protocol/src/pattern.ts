// Channel patterns: 'chat:{room}', 'files:*'. Segments are split at ':'; `{name}` is one segment,
// not empty; a final `*` is the rest, not empty, ':' included; anything else is itself.

import { ChanError } from './errors.js'
import { isValidName, validateChannelName } from './names.js'

/** One segment of a pattern. */
export type Segment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'param'; readonly name: string }
  | { readonly kind: 'rest' }

/** A parsed pattern. */
export interface Pattern {
  /** The text it was parsed from. */
  readonly source: string
  /** Its segments, in order; `rest` is always the last. */
  readonly segments: readonly Segment[]
}

/** What the parameters of a pattern stand for in one name; the rest is under `'*'`. */
export type PatternValues = Readonly<Record<string, string>>

const param = /^\{([a-z][a-z0-9_]*)\}$/i
const ranks = { literal: 0, param: 1, rest: 2 } as const

/**
 * Parses a pattern. Parameter names are letters, digits and `_`, beginning with a letter. A bare
 * `*` matches every name.
 * @throws {ChanError} `invalid-option` for a pattern that breaks the rules for names, a `*` that is
 * not the whole last segment, a malformed `{name}`, or a parameter that appears twice
 */
export function parsePattern(source: string): Pattern {
  if (!isValidName(source)) {
    throw invalid(source, 'is not 1–255 bytes of well-formed text without control characters')
  }
  const texts = source.split(':')
  const names = new Set<string>()
  const segments = texts.map((text, index): Segment => {
    if (text === '*') {
      if (index === texts.length - 1) return { kind: 'rest' }
      throw invalid(source, "has a '*' before its last segment")
    }
    const name = param.exec(text)?.[1]
    if (name === undefined) {
      if (/[{}*]/.test(text)) throw invalid(source, `has the malformed segment '${text}'`)
      return { kind: 'literal', text }
    }
    if (names.has(name)) throw invalid(source, `has the parameter '${name}' twice`)
    names.add(name)
    return { kind: 'param', name }
  })
  return { source, segments }
}

/** The values of the pattern's parameters in a name, or null where the name does not match. */
export function match(pattern: Pattern, name: string): PatternValues | null {
  const { segments } = pattern
  const texts = name.split(':')
  const rest = segments.at(-1)?.kind === 'rest'
  if (rest ? texts.length < segments.length : texts.length !== segments.length) return null
  const values: Record<string, string> = {}
  for (const [index, segment] of segments.entries()) {
    const text = segment.kind === 'rest' ? texts.slice(index).join(':') : (texts[index] as string)
    if (segment.kind === 'literal') {
      if (text !== segment.text) return null
    } else {
      if (text === '') return null
      values[segment.kind === 'param' ? segment.name : '*'] = text
    }
  }
  return values
}

/**
 * Orders patterns, the more specific first (for `sort`): segment by segment, a literal comes before
 * a parameter, a parameter before the rest; of two that agree so far, the longer. Of all patterns
 * that match one name, the first in this order is its pattern.
 */
export function comparePatterns(a: Pattern, b: Pattern): number {
  const shared = Math.min(a.segments.length, b.segments.length)
  for (let i = 0; i < shared; i++) {
    const difference = rank(a, i) - rank(b, i)
    if (difference !== 0) return difference
  }
  return b.segments.length - a.segments.length
}

/** Whether two patterns match exactly the same names; the names of parameters do not matter. */
export function samePattern(a: Pattern, b: Pattern): boolean {
  return shape(a) === shape(b)
}

/**
 * The name that a pattern gives with these values; values it does not ask for are ignored.
 * @throws {ChanError} `invalid-channel-name` when a value is missing, not a string, empty, contains
 * ':' (except the rest, `'*'`), a control character or a lone surrogate, or makes the name too long
 */
export function buildName(pattern: Pattern, values: PatternValues = {}): string {
  const texts = pattern.segments.map((segment) => {
    if (segment.kind === 'literal') return segment.text
    const key = segment.kind === 'param' ? segment.name : '*'
    const value: unknown = Object.hasOwn(values, key) ? values[key] : undefined
    const why = complaint(value, segment.kind === 'param')
    if (why === null) return value as string
    throw new ChanError(
      'invalid-channel-name',
      `Parameter '${key}' of '${pattern.source}' ${why}.`,
      `Pass a ${segment.kind === 'param' ? "string without ':'" : 'string'} as '${key}', not empty.`,
    )
  })
  return validateChannelName(texts.join(':'))
}

function complaint(value: unknown, oneSegment: boolean): string | null {
  if (value === undefined) return 'is missing'
  if (typeof value !== 'string')
    return `must be a string, got ${value === null ? 'null' : typeof value}`
  if (value === '') return 'is empty'
  if (oneSegment && value.includes(':')) return "contains ':', which separates segments"
  if (/[\p{Cc}\p{Cs}]/u.test(value)) return 'contains a control character or a lone surrogate'
  return null
}

function rank(pattern: Pattern, index: number): number {
  return ranks[(pattern.segments[index] as Segment).kind]
}

/** The source with its parameters' names left out; no literal contains a brace. */
function shape(pattern: Pattern): string {
  return pattern.segments.map((s) => (s.kind === 'literal' ? s.text : `{${s.kind}}`)).join(':')
}

function invalid(source: unknown, why: string): ChanError {
  return new ChanError(
    'invalid-option',
    `Pattern ${JSON.stringify(source)} ${why}.`,
    "Write segments separated by ':', each literal text, {name}, or at the end *: 'chat:{room}'.",
  )
}
