import { describe, expect, expectTypeOf, it } from 'vitest'
import { isPosition, joins, type Position, START } from '../src/index.js'

const at = (epoch: string, offset: number): Position => ({ epoch, offset })

describe('joins', () => {
  it.each<[Position, Position, boolean]>([
    [START, at('a', 1), true],
    [START, at('b', 1), true],
    [START, at('a', 2), false],
    [START, START, false],
    [at('a', 0), at('a', 1), true],
    [at('a', 0), at('b', 1), false],
    [at('a', 1), at('a', 2), true],
    [at('a', 1), at('a', 1), false],
    [at('a', 2), at('a', 1), false],
    [at('a', 1), at('a', 3), false],
    [at('a', 1), at('b', 2), false],
    [at('a', 1), at('b', 1), false],
  ])('%o then %o: %s', (after, next, expected) => expect(joins(after, next)).toBe(expected))

  it('START is shared, so it is frozen', () => {
    expect(START).toStrictEqual({ epoch: '', offset: 0 })
    expect(Object.isFrozen(START)).toBe(true)
  })
})

describe('isPosition', () => {
  it.each([
    START,
    at('a', 0),
    at('5f2c9a1e77b04d63', 12),
    at('a', Number.MAX_SAFE_INTEGER),
    { epoch: 'a', offset: 1, more: true },
  ])('accepts %o', (value) => expect(isPosition(value)).toBe(true))

  it.each([
    null,
    undefined,
    'a',
    7,
    [],
    {},
    { epoch: 'a' },
    { offset: 1 },
    at('', 1),
    at('a', -1),
    at('a', 1.5),
    at('a', Number.NaN),
    at('a', Number.POSITIVE_INFINITY),
    at('a', 2 ** 53),
    at('a\u0000', 1),
    at('x'.repeat(256), 1),
    { epoch: 'a', offset: '1' },
    { epoch: null, offset: 1 },
    { epoch: ['a'], offset: 1 },
  ])('refuses %o', (value) => expect(isPosition(value)).toBe(false))

  it('narrows', () => {
    const value: unknown = START
    if (isPosition(value)) expectTypeOf(value).toEqualTypeOf<Position>()
  })
})
