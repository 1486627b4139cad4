import { describe, expect, test } from 'vitest'
import { BareHolds } from '../src/presence/bare-holds.js'

describe('BareHolds', () => {
  test('knows who joined, until what ends the hold has worked', () => {
    const holds = new BareHolds()
    expect(holds.mayHave('a', 'alice')).toBe(false)
    holds.add('a', 'alice')
    holds.add('a', 'alice')
    expect([holds.mayHave('a', 'alice'), holds.mayHave('b', 'alice')]).toEqual([true, false])
    const ended = holds.ending('a', 'alice')
    expect(holds.mayHave('a', 'alice')).toBe(true)
    ended()
    ended()
    expect(holds.mayHave('a', 'alice')).toBe(false)
    holds.ending('a', 'stranger')()
  })

  test('a join called after what ends the hold stays', () => {
    const holds = new BareHolds()
    holds.add('a', 'alice')
    holds.add('a', 'bob')
    const [left, cleared] = [holds.ending('a', 'alice'), holds.endingAll('a')]
    holds.add('a', 'alice')
    left()
    cleared()
    expect([holds.mayHave('a', 'alice'), holds.mayHave('a', 'bob')]).toEqual([true, false])
  })

  test('is bounded: above 10,000 it knows nothing and says perhaps', () => {
    const holds = new BareHolds()
    const join = (n: number) => holds.add(`room-${n % 7}`, `user-${n}`)
    for (let n = 0; n < 10_000; n++) join(n)
    expect(holds.mayHave('room-0', 'stranger')).toBe(false)
    // Those that left make room.
    holds.ending('room-0', 'user-0')()
    join(10_000)
    expect(holds.mayHave('room-0', 'stranger')).toBe(false)
    join(10_001)
    expect(holds.mayHave('room-0', 'stranger')).toBe(true)
    holds.endingAll('room-0')()
    expect(holds.mayHave('room-0', 'stranger')).toBe(true)
  })
})
