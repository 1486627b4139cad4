import { isChanError } from '@chan/protocol'
import { describe, expect, test } from 'vitest'
import { type OriginOptions, originCheck } from '../src/routing/origins.js'

function allows(options: OriginOptions, headers: Record<string, string>): boolean {
  return originCheck(options)({ url: '/', headers, remoteAddress: '', secure: false })
}

describe('by default', () => {
  test.each<[boolean, Record<string, string>, string]>([
    [true, { host: 'a.example' }, 'no origin: not a browser'],
    [true, { origin: 'https://a.example', host: 'a.example' }, 'the same host'],
    [true, { origin: 'https://a.example', host: 'a.example:443' }, 'the default port written out'],
    [true, { origin: 'http://a.example', host: 'A.Example:80' }, 'upper case'],
    [true, { origin: 'http://localhost:5173', host: 'localhost:5173' }, 'the same port'],
    [true, { origin: 'http://[::1]:8080', host: '[::1]:8080' }, 'IPv6'],
    [false, { origin: 'http://localhost:5173', host: 'localhost:8080' }, 'another port'],
    [false, { origin: 'https://evil.example', host: 'a.example' }, 'another host'],
    [false, { origin: 'https://a.example.evil.example', host: 'a.example' }, 'a longer host'],
    [false, { origin: 'null', host: 'null' }, 'a sandboxed page'],
    [false, { origin: 'https://a.example' }, 'no host'],
    [false, { origin: 'nonsense', host: 'nonsense' }, 'no origin at all'],
    [false, { origin: 'capacitor://a.example', host: 'a.example' }, 'not from the web'],
    [
      false,
      { origin: 'https://b.example', host: 'a.example', 'x-forwarded-host': 'b.example' },
      'a forwarded host nobody vouches for',
    ],
  ])('%s for %o: %s', (expected, headers) => {
    expect(allows({}, headers)).toBe(expected)
  })
})

test('the allow-list adds to the own host', () => {
  const options = { origins: ['https://app.example', 'null', 'capacitor://localhost'] }
  const host = 'a.example'
  expect(allows(options, { origin: 'https://app.example', host })).toBe(true)
  expect(allows(options, { origin: 'https://app.example:443', host })).toBe(true)
  expect(allows(options, { origin: 'http://app.example', host })).toBe(false)
  expect(allows(options, { origin: 'https://a.example', host })).toBe(true)
  expect(allows(options, { origin: 'null', host })).toBe(true)
  expect(allows(options, { origin: 'capacitor://localhost', host })).toBe(true)
  expect(allows({ origins: '*' }, { origin: 'https://evil.example', host })).toBe(true)
})

test('behind a proxy that is trusted, the forwarded host counts', () => {
  const headers = { origin: 'https://b.example', host: '10.0.0.1:8080' }
  const forwarded = { ...headers, 'x-forwarded-host': 'b.example, inner.example' }
  expect(allows({ trustProxy: true }, forwarded)).toBe(true)
  expect(allows({ trustProxy: true }, headers)).toBe(false)
})

test.each([['app.example'], ['https://app.example/path'], ['*.example'], ['']])(
  'an entry %o is refused',
  (entry) => {
    expect(() => originCheck({ origins: [entry] })).toThrow(
      expect.toSatisfy((error) => isChanError(error, 'invalid-option')),
    )
  },
)
