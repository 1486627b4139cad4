// The rules for channel names and the other identifiers (sender, message id, user id, group name):
// 1–255 bytes of UTF-8, well-formed Unicode, no control characters. Most names are short ASCII.

import type { ChanErrorCode } from './error-codes.js'
import { ChanError } from './errors.js'
import { byteLength } from './payload.js'

/** The most bytes of UTF-8 that a channel name or an identifier may have. */
export const MAX_NAME_BYTES = 255

/** What an identifier names; it appears in the error message. */
export type IdentifierKind = 'sender' | 'id' | 'userId' | 'group'

const plain = /^[ -~]{1,255}$/
// With the u flag, \p{Cs} matches only surrogates without a partner; \p{Cc} is C0, DEL and C1.
const forbidden = /[\p{Cc}\p{Cs}]/u

/** Whether a value obeys the rules for names. Never throws, whatever it is given. */
export function isValidName(text: unknown): boolean {
  return typeof text === 'string' && (plain.test(text) || complaint(text) === null)
}

/**
 * Returns the channel name it was given.
 * @throws {ChanError} `invalid-channel-name`, telling which rule is broken and what to do
 */
export function validateChannelName(name: unknown): string {
  return validate('invalid-channel-name', 'Channel name', name)
}

/**
 * Returns the identifier it was given. For all four kinds a breach is `invalid-option`: they reach
 * the API as options or arguments, never as channel names. Null (no sender) is the caller's case.
 * @throws {ChanError} `invalid-option`, telling which rule is broken and what to do
 */
export function validateIdentifier(kind: IdentifierKind, value: unknown): string {
  return validate('invalid-option', kind === 'group' ? 'Group name' : `'${kind}'`, value)
}

function validate(code: ChanErrorCode, what: string, value: unknown): string {
  if (typeof value === 'string') {
    if (plain.test(value)) return value
    const why = complaint(value)
    if (why === null) return value
    const shown = value === '' ? '' : ` ${preview(value)}`
    throw new ChanError(code, `${what}${shown} ${why[0]}.`, why[1])
  }
  const found = value === null ? 'null' : typeof value
  throw new ChanError(
    code,
    `${what} must be a string, got ${found}.`,
    'Pass a string of 1–255 bytes; convert other values first, for example with String(value).',
  )
}

/** What is wrong and what to do about it, or null. */
function complaint(text: string): readonly [why: string, hint: string] | null {
  if (text === '') return ['is empty', 'Give it at least one character.']
  const bytes = byteLength(text)
  if (bytes > MAX_NAME_BYTES) {
    return [
      `is ${bytes} bytes of UTF-8, the limit is ${MAX_NAME_BYTES}`,
      'Shorten it; put long content into the payload, or use a hash of it as the name.',
    ]
  }
  const index = text.search(forbidden)
  if (index < 0) return null
  const unit = text.charCodeAt(index)
  const codePoint = `U+${unit.toString(16).toUpperCase().padStart(4, '0')}`
  return unit >= 0xd800
    ? [
        `contains the lone surrogate ${codePoint} at index ${index}`,
        'Cut strings between characters, not inside them; text.toWellFormed() repairs a string.',
      ]
    : [
        `contains the control character ${codePoint} at index ${index}`,
        'Remove control characters such as line breaks, tabs and U+0000.',
      ]
}

/** The first characters, quoted and escaped, so that the message is one safe line. */
function preview(text: string): string {
  const quoted = JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
  return quoted.replace(/[\x7f-\x9f]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`)
}
