import { describe, expect, it } from 'vitest'
import {
  buildName,
  type ChanErrorCode,
  comparePatterns,
  isChanError,
  match,
  parsePattern,
  samePattern,
} from '../src/index.js'

function refused(code: ChanErrorCode, run: () => unknown, why: RegExp): void {
  try {
    run()
  } catch (error) {
    expect(isChanError(error, code)).toBe(true)
    expect((error as Error).message).toMatch(why)
    return
  }
  throw new Error('nothing was thrown')
}

describe('parsePattern', () => {
  it('reads literals, parameters and the rest', () => {
    expect(parsePattern('a:{b}:*')).toStrictEqual({
      source: 'a:{b}:*',
      segments: [{ kind: 'literal', text: 'a' }, { kind: 'param', name: 'b' }, { kind: 'rest' }],
    })
  })

  it.each<[unknown, RegExp]>([
    ['', /is not 1–255 bytes/],
    [null, /is not 1–255 bytes/],
    ['x'.repeat(256), /is not 1–255 bytes/],
    ['a\n', /control characters/],
    ['*:a', /has a '\*' before its last segment/],
    ['a:*:*', /has a '\*' before its last segment/],
    ['a*', /malformed segment 'a\*'/],
    ['a:**', /malformed segment '\*\*'/],
    ['{}', /malformed segment '{}'/],
    ['{a', /malformed segment '{a'/],
    ['a}', /malformed segment/],
    ['x{a}', /malformed segment/],
    ['{a}{b}', /malformed segment/],
    ['{a b}', /malformed segment/],
    ['{1}', /malformed segment/],
    ['{*}', /malformed segment/],
    ['{__proto__}', /malformed segment/],
    ['{a}:{a}', /parameter 'a' twice/],
  ])('refuses %j', (source, why) => {
    refused('invalid-option', () => parsePattern(source as string), why)
  })
})

describe('match', () => {
  it.each<[string, string, Record<string, string> | null]>([
    ['chat', 'chat', {}],
    ['chat', 'chats', null],
    ['chat', 'chat:a', null],
    ['chat:general', 'chat:general', {}],
    ['chat:{room}', 'chat:general', { room: 'general' }],
    ['chat:{room}', 'chat:', null],
    ['chat:{room}', 'chat', null],
    ['chat:{room}', 'chat:a:b', null],
    ['chat:{room}', 'news:a', null],
    ['chat:{room}', 'CHAT:a', null],
    ['chat:{room}', 'chat:{room}', { room: '{room}' }],
    ['{a}:x:{b}', '1:x:2', { a: '1', b: '2' }],
    ['{a}', 'a:b', null],
    ['chat:*', 'chat:a', { '*': 'a' }],
    ['chat:*', 'chat:a:b', { '*': 'a:b' }],
    ['chat:*', 'chat::', { '*': ':' }],
    ['chat:*', 'chat:', null],
    ['chat:*', 'chat', null],
    ['chat:*', 'chatter:a', null],
    ['*', 'anything', { '*': 'anything' }],
    ['*', 'any:thing', { '*': 'any:thing' }],
    ['a:{b}:*', 'a:b:c:d', { b: 'b', '*': 'c:d' }],
    ['a:{b}:*', 'a::c', null],
    ['a::b', 'a::b', {}],
    ['a.b', 'axb', null],
    ['{constructor}', 'x', { constructor: 'x' }],
  ])('%s on %s', (pattern, name, values) => {
    expect(match(parsePattern(pattern), name)).toStrictEqual(values)
  })
})

describe('specificity', () => {
  const ordered = [
    'chat:general:a',
    'chat:general:{x}',
    'chat:general:*',
    'chat:general',
    'chat:{room}:a',
    'chat:{room}:{x}',
    'chat:{room}:*',
    'chat:{room}',
    'chat:*',
    'chat',
    '{kind}:general',
    '{kind}:{room}',
    '{kind}:*',
    '{kind}',
    '*',
  ].map(parsePattern)

  it('sorts the more specific first, from any order', () => {
    for (let turn = 0; turn < ordered.length; turn++) {
      const turned = [...ordered.slice(turn), ...ordered.slice(0, turn)].reverse()
      expect(turned.sort(comparePatterns).map((p) => p.source)).toEqual(
        ordered.map((p) => p.source),
      )
    }
  })

  it.each([
    ['chat:general', 'chat:general'],
    ['chat:random', 'chat:{room}'],
    ['chat:a:b', 'chat:{room}:{x}'],
    ['chat:a:b:c', 'chat:{room}:*'],
    ['chat:general:b:c', 'chat:general:*'],
    ['news:general', '{kind}:general'],
    ['news', '{kind}'],
    ['news:a:b', '{kind}:*'],
    [':', '*'],
  ])('%s belongs to %s', (name, source) => {
    expect(ordered.find((pattern) => match(pattern, name) !== null)?.source).toBe(source)
  })

  it('is equal for patterns of equal ranks', () => {
    expect(comparePatterns(parsePattern('a:{x}'), parsePattern('b:{y}'))).toBe(0)
  })
})

describe('samePattern', () => {
  it.each<[string, string, boolean]>([
    ['chat:{a}', 'chat:{b}', true],
    ['chat:*', 'chat:*', true],
    ['*', '*', true],
    ['{a}:{b}', '{b}:{a}', true],
    ['chat:{a}', 'chat:*', false],
    ['chat:{a}', 'chat:a', false],
    ['chat:param', 'chat:{param}', false],
    ['chat:rest', 'chat:*', false],
    ['chat:{a}', 'news:{a}', false],
    ['chat', 'chat:*', false],
    ['a:', 'a', false],
  ])('%s and %s: %s', (a, b, same) => {
    expect(samePattern(parsePattern(a), parsePattern(b))).toBe(same)
  })
})

describe('buildName', () => {
  it.each<[string, Record<string, string>, string]>([
    ['chat', {}, 'chat'],
    ['chat:{room}', { room: 'general' }, 'chat:general'],
    ['chat:{room}', { room: '*', more: 'x' }, 'chat:*'],
    ['{a}:{b}', { a: '{b}', b: 'ß😀' }, '{b}:ß😀'],
    ['files:*', { '*': 'a:b' }, 'files:a:b'],
    ['{constructor}', { constructor: 'x' } as never, 'x'],
  ])('%s with %j gives %s', (pattern, values, name) => {
    const parsed = parsePattern(pattern)
    expect(buildName(parsed, values)).toBe(name)
    expect(match(parsed, name)).toMatchObject(
      Object.fromEntries(Object.entries(values).filter(([key]) => key !== 'more')),
    )
  })

  it.each<[string, unknown, RegExp]>([
    ['chat:{room}', undefined, /Parameter 'room' of 'chat:{room}' is missing/],
    ['chat:{room}', {}, /is missing/],
    ['chat:{room}', { room: undefined }, /is missing/],
    ['chat:{room}', { room: null }, /must be a string, got null/],
    ['chat:{room}', { room: 5 }, /must be a string, got number/],
    ['chat:{room}', { room: '' }, /is empty/],
    ['chat:{room}', { room: 'a:b' }, /contains ':'/],
    ['chat:{room}', { room: 'a\u0000' }, /control character/],
    ['chat:{room}', { room: 'a\ud800' }, /lone surrogate/],
    // Two halves that would make one character across values stay refused one by one.
    ['{a}:{b}', { a: '\ud83d', b: '\ude00' }, /'a' .*lone surrogate/],
    ['chat:{room}', { room: 'x'.repeat(251) }, /is 256 bytes/],
    ['{constructor}', {}, /'constructor' .* is missing/],
    ['files:*', { '*': '' }, /'\*' of 'files:\*' is empty/],
    ['files:*', {}, /is missing/],
  ])('%s refuses %j', (pattern, values, why) => {
    refused('invalid-channel-name', () => buildName(parsePattern(pattern), values as never), why)
  })
})
