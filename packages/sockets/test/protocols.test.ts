import { expect, test } from 'vitest'
import { isToken, parseProtocols } from '../src/routing/protocols.js'

test.each([
  ['no header', undefined, []],
  ['one', 'chan.v1', ['chan.v1']],
  ["in the peer's order", 'b, a, c', ['b', 'a', 'c']],
  ['spaces and tabs, or none', ' a ,\tb\t,c,  d  ', ['a', 'b', 'c', 'd']],
  ['each once, in its own letters', 'a, A, a', ['a', 'A']],
  ['empty elements, as joined headers have them', ',a,, ,b,', ['a', 'b']],
  ['nothing', '', []],
  ['nothing but separators', ' ,\t, ', []],
  ['every sign of a token', "!#$%&'*+-.^_`|~09azAZ", ["!#$%&'*+-.^_`|~09azAZ"]],
  ['names that objects have', '__proto__, constructor', ['__proto__', 'constructor']],
])('%s', (_what, header, protocols) => {
  expect(parseProtocols(header)).toEqual(protocols)
})

test.each([
  ['a space within', 'a b'],
  ['a quoted string', '"a, b"'],
  ['another separator', 'a; b'],
  ['a parameter', 'a=1'],
  ['a control character', 'a, b\u0000'],
  ['a line break', 'a,\r\n b'],
  ['a space that is none of HTTP', 'a,\u00a0b'],
  ['letters that are not ASCII', 'chät'],
  ['one that is readable', 'a, (b)'],
])('%s: cannot be read, offers none', (_what, header) => {
  expect(parseProtocols(header)).toEqual([])
})

test('long headers take no long time', () => {
  const started = performance.now()
  for (const part of [' ', ',', 'a', ' a', ' ,', '\t']) parseProtocols(part.repeat(1e6))
  expect(performance.now() - started).toBeLessThan(5_000)
})

test('what can be offered at all', () => {
  expect(['chan.v1', 'a'].every(isToken)).toBe(true)
  expect(['', ' a', 'a ', 'a,b', 'é', 'a\r\nSet-Cookie: b=1'].some(isToken)).toBe(false)
  expect([undefined, null, 1, 1n, {}, ['a']].some(isToken)).toBe(false)
})
