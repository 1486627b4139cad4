import { describe, expect, it } from 'vitest'
import {
  isChanError,
  isValidName,
  MAX_NAME_BYTES,
  validateChannelName,
  validateIdentifier,
} from '../src/index.js'

function thrown(run: () => unknown) {
  try {
    run()
  } catch (error) {
    if (isChanError(error)) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

const good: readonly string[] = [
  'a',
  'chat:general',
  ' ',
  '~',
  'with space',
  "'; DROP TABLE --",
  'Ünïcode:ß',
  '聊天:一般',
  '😀',
  '\u{10ffff}',
  '__proto__',
  'x'.repeat(255),
  'ß'.repeat(127),
  `a${'ß'.repeat(127)}`, // 255 bytes
  '€'.repeat(85), // 255 bytes
  `abc${'😀'.repeat(63)}`, // 255 bytes
  '\u00a0', // the first after C1
]

const bad: readonly (readonly [value: unknown, why: RegExp])[] = [
  ['', /is empty\.$/],
  ['x'.repeat(256), /is 256 bytes of UTF-8, the limit is 255\.$/],
  ['ß'.repeat(128), /is 256 bytes/],
  [`a${'€'.repeat(85)}`, /is 256 bytes/],
  ['😀'.repeat(64), /is 256 bytes/],
  ['a\u0000b', /control character U\+0000 at index 1/],
  ['\n', /control character U\+000A at index 0/],
  ['a\u001f', /U\+001F at index 1/],
  ['a\u007f', /U\+007F at index 1/],
  ['a\u0080', /U\+0080/],
  ['ab\u009f', /U\+009F at index 2/],
  ['a\ud800', /lone surrogate U\+D800 at index 1/],
  ['\udc00a', /lone surrogate U\+DC00 at index 0/],
  ['\udc00\ud800', /lone surrogate U\+DC00/],
  ['😀'.slice(0, 1), /lone surrogate U\+D83D/],
  ['😀\ud83d', /lone surrogate U\+D83D at index 2/],
  [undefined, /must be a string, got undefined/],
  [null, /must be a string, got null/],
  [5, /must be a string, got number/],
  [{ toString: () => 'a' }, /must be a string, got object/],
  [new String('a'), /must be a string, got object/],
]

describe('names', () => {
  it('may have 255 bytes', () => expect(MAX_NAME_BYTES).toBe(255))

  it.each(good)('allows %j', (name) => {
    expect(isValidName(name)).toBe(true)
    expect(validateChannelName(name)).toBe(name)
    expect(validateIdentifier('sender', name)).toBe(name)
  })

  it.each(bad)('refuses %j', (name, why) => {
    expect(isValidName(name)).toBe(false)
    const error = thrown(() => validateChannelName(name))
    expect(error.code).toBe('invalid-channel-name')
    expect(error.message).toMatch(/^Channel name /)
    expect(error.message).toMatch(why)
    expect(error.hint).not.toBe('')
  })

  it('quotes the name in one safe, short line', () => {
    const error = thrown(() => validateChannelName(`evil\r\n\u009b${'x'.repeat(100)}`))
    expect(error.message).toContain('"evil\\r\\n\\u009bx')
    expect(error.message).toContain('…')
    expect(error.message).not.toMatch(/\p{Cc}/u)
    expect(error.message.length).toBeLessThan(140)
    // Cutting the preview inside a pair leaves an escape, not a broken string.
    const cut = thrown(() => validateChannelName(`${'x'.repeat(39)}😀\n`))
    expect(cut.message).toContain('x\\ud83d…')
  })
})

describe('identifiers', () => {
  it.each([
    ['sender', "'sender' is empty."],
    ['id', "'id' is empty."],
    ['userId', "'userId' is empty."],
    ['group', 'Group name is empty.'],
  ] as const)('a bad %s is an invalid option', (kind, message) => {
    const error = thrown(() => validateIdentifier(kind, ''))
    expect(error.code).toBe('invalid-option')
    expect(error.message).toBe(message)
  })

  it('leaves null to the caller', () => {
    expect(thrown(() => validateIdentifier('sender', null)).message).toMatch(/got null/)
  })
})
