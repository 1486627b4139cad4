import { expect, expectTypeOf, it } from 'vitest'
import * as protocol from '../src/index.js'

it('exports this and no more', () => {
  expect(Object.keys(protocol).sort()).toEqual([
    'ChanError',
    'CloseCode',
    'MAX_NAME_BYTES',
    'Message',
    'PermissionError',
    'START',
    'buildName',
    'byteLength',
    'closeVerdict',
    'codeVerdict',
    'comparePatterns',
    'defineChannel',
    'encodeErrorFrame',
    'encodePayload',
    'freezeDeep',
    'isChanError',
    'isPosition',
    'isValidName',
    'joins',
    'match',
    'parseBridgeText',
    'parsePattern',
    'samePattern',
    'type',
    'validateChannelName',
    'validateIdentifier',
  ])
})

it('names and identifiers validate to strings', () => {
  expectTypeOf(protocol.validateChannelName).returns.toEqualTypeOf<string>()
  expectTypeOf(protocol.validateIdentifier).returns.toEqualTypeOf<string>()
})
