import { describe, expect, it } from 'vitest'
import { ChanError, encodeErrorFrame, PermissionError, parseBridgeText } from '../src/index.js'

describe('encodeErrorFrame', () => {
  it('has code, message and hint and nothing that is not for clients', () => {
    const error = new ChanError('payload-too-large', 'Too "large".', 'Send less.', {
      cause: new Error('secret'),
      details: { limit: 65_536, actual: 70_000 },
    })
    expect(encodeErrorFrame(error)).toBe(
      '{"error":{"code":"payload-too-large","message":"Too \\"large\\".","hint":"Send less."}}',
    )
    expect(encodeErrorFrame(new PermissionError('a', null))).toContain('"permission-denied"')
  })
})

describe('parseBridgeText', () => {
  it.each<[string, unknown]>([
    ['{"text":"hi"}', { text: 'hi' }],
    ['[1,2]', [1, 2]],
    ['42', 42],
    [' 42 ', 42],
    ['null', null],
    ['true', true],
    ['"hi"', 'hi'],
    ['hi', 'hi'],
    ['', ''],
    [' ', ' '],
    ['{"text":', '{"text":'],
    ['undefined', 'undefined'],
    ['NaN', 'NaN'],
    ["{'a':1}", "{'a':1}"],
    ['{"a":1}{"a":2}', '{"a":1}{"a":2}'],
    ['😀', '😀'],
  ])('%j publishes %j', (text, data) => expect(parseBridgeText(text)).toStrictEqual(data))

  it('touches no prototype', () => {
    const data = parseBridgeText('{"__proto__":{"admin":true}}') as object
    expect(Object.getPrototypeOf(data)).toBe(Object.prototype)
    expect(Object.keys(data)).toEqual(['__proto__'])
  })
})
