import { describe, expect, it } from 'vitest'
import { nowMicros } from '../src/measure/clock.js'
import { FIRST, OrderCheck, paddingFor } from '../src/measure/numbered-message.js'

function message(n: number, p = 0) {
  return { p, n, t: nowMicros(), pad: '' }
}

/** What the check finds when these numbers arrive, counted from the first. */
function misplaced(channels: number, numbers: readonly number[]): number {
  const check = new OrderCheck(1, channels)
  for (const number of numbers) {
    check.take(message(FIRST + number), (FIRST + number) % channels)
  }
  return check.outOfOrder
}

describe('numbered messages', () => {
  it.each([100, 1_000, 20_000])('are exactly %i bytes long', (size) => {
    const pad = paddingFor(size, 3)
    for (const n of [FIRST, FIRST + 1, 9_999_999]) {
      expect(Buffer.byteLength(JSON.stringify({ ...message(n, 3), pad }))).toBe(size)
    }
  })

  it('are in order, whatever the order between channels', () => {
    expect(misplaced(3, [0, 1, 2, 3, 4, 5])).toBe(0)
    expect(misplaced(3, [2, 5, 0, 1, 4, 3])).toBe(0)
    expect(misplaced(1, [0, 1, 2])).toBe(0)
  })

  it('are told apart by publisher', () => {
    const check = new OrderCheck(2, 1)
    for (const [p, n] of [
      [0, 0],
      [1, 0],
      [1, 1],
      [0, 1],
    ] as const) {
      check.take(message(FIRST + n, p), 0)
    }
    expect(check.outOfOrder).toBe(0)
  })

  it('are out of order after a hole, a duplicate or an overtaking', () => {
    expect(misplaced(1, [0, 2, 3])).toBe(1)
    expect(misplaced(1, [1, 2])).toBe(1)
    expect(misplaced(1, [0, 1, 1, 2])).toBe(1)
    expect(misplaced(2, [0, 1, 4, 2, 3, 5])).toBeGreaterThan(0)
  })
})
