// Whose pages may open sockets on a port that is not theirs.

import { networkInterfaces } from 'node:os'
import { describe, expect, test } from 'vitest'
import { pageOrigins } from '../src/page-origins.js'

const at = (address: string, port = 3000) => ({ address, port, family: 'IPv4' })

describe('pages on loopback', () => {
  test('are found by every name of loopback, on their port', () => {
    expect(pageOrigins('127.0.0.1', at('127.0.0.1'))).toEqual([
      'http://127.0.0.1:3000',
      'http://localhost:3000',
      'http://[::1]:3000',
    ])
  })

  test('are found by the name that was asked for, too', () => {
    expect(pageOrigins('chan.local', at('127.0.0.1'))).toContain('http://chan.local:3000')
    expect(pageOrigins('::1', at('::1', 80))).toContain('http://[::1]:80')
  })
})

describe('pages on every address', () => {
  test.each(['0.0.0.0', '::'])('%s are found by those of this machine', (address) => {
    const origins = pageOrigins(address, at(address))
    const here = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
    for (const { address, family } of here) {
      if (family === 'IPv4') expect(origins).toContain(`http://${address}:3000`)
    }
  })
})

test('what browsers could not write is left out', () => {
  const origins = pageOrigins('fe80::1%eth0', at('fe80::1%eth0'))
  expect(origins.filter((origin) => origin.includes('%'))).toEqual([])
})
