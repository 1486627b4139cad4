import { isIP } from 'node:net'
import { expect, test } from 'vitest'
import { addressText } from '../src/address-text.js'

const sixteen = (...tail: number[]) => new Uint8Array([...Array(16 - tail.length).fill(0), ...tail])

test.each([
  [new Uint8Array([192, 0, 2, 1]), '192.0.2.1'],
  [sixteen(1), '::1'],
  [sixteen(255, 255, 127, 0, 0, 1), '::ffff:127.0.0.1'],
  [new Uint8Array([0x20, 0x01, 0x0d, 0xb8, ...Array(11).fill(0), 0xa]), '2001:db8::a'],
])('%s is %s, as Node has it', (bytes, text) => {
  expect(addressText(bytes)).toBe(text)
  expect(isIP(text)).toBeGreaterThan(0)
})

test('a peer that is gone has none', () => {
  expect(addressText(new Uint8Array())).toBe('')
})
