import { ManualClock } from '@chan/core/testing'
import { expect, test } from 'vitest'
import { GRACE_MS, LONG_GRACE_MS, Suspects } from '../../src/lease/suspects.js'

/** Looks at nodes by number: negative ones are seen without their lock. */
function watch() {
  const clock = new ManualClock()
  let calls = 0
  const suspects = new Suspects(clock, () => {
    calls++
  })
  return {
    clock,
    suspects,
    see: (...numbers: number[]) =>
      suspects
        .see(numbers.map((n) => ({ node: 1, incarnation: Math.abs(n), held: n > 0 })))
        .map(({ incarnation }) => incarnation),
    get calls() {
      return calls
    },
  }
}

test('one that was alive is due a short time after it was first seen without its lock', () => {
  const { clock, see } = watch()
  see(1, 2)
  clock.advance(60_000)
  expect(see(1, -2)).toEqual([])
  clock.advance(GRACE_MS - 1)
  expect(see(1, -2)).toEqual([])
  clock.advance(1)
  expect(see(1, -2)).toEqual([2])
})

test('one that was never seen alive on this connection is due after a long time', () => {
  const watched = watch()
  watched.see(-1)
  watched.clock.advance(LONG_GRACE_MS - 1)
  expect(watched.calls).toBe(0)
  expect(watched.see(-1)).toEqual([])
  watched.clock.advance(1)
  expect(watched.calls).toBe(1)
  expect(watched.see(-1)).toEqual([1])
})

test('one that came between two looks was alive then', () => {
  const { clock, see } = watch()
  see(1)
  see(1, -2)
  clock.advance(GRACE_MS)
  expect(see(1, -2)).toEqual([2])
})

test('one whose lock is held again starts afresh', () => {
  const { clock, see } = watch()
  see(1)
  see(-1)
  clock.advance(GRACE_MS - 1)
  see(1)
  clock.advance(GRACE_MS)
  expect(see(-1)).toEqual([])
  clock.advance(GRACE_MS)
  expect(see(-1)).toEqual([1])
})

test('one that could not be taken out is due again soon, until it is gone', () => {
  const watched = watch()
  watched.see(1)
  watched.see(-1)
  watched.clock.advance(GRACE_MS)
  expect(watched.see(-1)).toEqual([1])
  expect(watched.see(-1)).toEqual([])
  watched.clock.advance(1_000)
  expect(watched.calls).toBe(2)
  expect(watched.see(-1)).toEqual([1])
  expect(watched.see()).toEqual([])
  watched.clock.advance(60_000)
  expect(watched.calls).toBe(2)
  expect(watched.clock.pending).toBe(0)
})

test('a new connection forgets whom it saw alive, and all that was due', () => {
  const watched = watch()
  watched.see(1, 2)
  watched.see(-1, 2)
  watched.suspects.clear()
  expect(watched.clock.pending).toBe(0)
  watched.see(-1, -2)
  watched.clock.advance(LONG_GRACE_MS - 1)
  expect(watched.see(-1, -2)).toEqual([])
  watched.clock.advance(1)
  expect(watched.see(-1, -2)).toEqual([1, 2])
})
