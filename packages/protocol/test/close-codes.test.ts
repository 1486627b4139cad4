import { describe, expect, expectTypeOf, it } from 'vitest'
import { CloseCode, closeVerdict, type Verdict } from '../src/index.js'

describe('closeVerdict', () => {
  it.each<[number, Verdict]>([
    [1000, 'stop'],
    [1001, 'retry'],
    [1002, 'stop'],
    [1003, 'stop'],
    [1004, 'retry'],
    [1005, 'retry'],
    [1006, 'retry'],
    [1007, 'stop'],
    [1008, 'stop'],
    [1009, 'stop'],
    [1010, 'stop'],
    [1011, 'retry'],
    [1012, 'retry'],
    [1013, 'retry'],
    [1014, 'retry'],
    [1015, 'retry'],
    [2999, 'retry'],
    [3000, 'stop'],
    [3999, 'stop'],
    [4000, 'retry'],
    [4099, 'retry'],
    [4100, 'refresh'],
    [4199, 'refresh'],
    [4200, 'resubscribe'],
    [4299, 'resubscribe'],
    [4300, 'stop'],
    [4399, 'stop'],
    [4400, 'stop'],
    [4999, 'stop'],
    [5000, 'retry'],
    [0, 'retry'],
    [-1, 'retry'],
    [4099.9, 'retry'],
    [Number.NaN, 'retry'],
    [Number.POSITIVE_INFINITY, 'retry'],
    [Number.NEGATIVE_INFINITY, 'retry'],
  ])('%d: %s', (code, verdict) => expect(closeVerdict(code)).toBe(verdict))
})

it('names the codes a server sends', () => {
  expect(CloseCode).toStrictEqual({
    normal: 1000,
    binaryRefused: 1003,
    badUtf8: 1007,
    policy: 1008,
    tooLarge: 1009,
    fault: 1011,
    goingAway: 1012,
    slowConsumer: 1013,
  })
  expectTypeOf<CloseCode>().toEqualTypeOf<1000 | 1003 | 1007 | 1008 | 1009 | 1011 | 1012 | 1013>()
})
