import { expect, test } from 'vitest'
import { Ring } from '../src/model/ring.js'

/** Does the same to a ring and to an array, and compares them all the way. */
function compare(steps: readonly number[]): void {
  const ring = new Ring<number>()
  const array: number[] = []
  for (const [at, step] of steps.entries()) {
    for (let i = 0; i < step; i++) {
      ring.push(at * 10_000 + i)
      array.push(at * 10_000 + i)
    }
    for (let i = 0; i > step; i--) expect(ring.shift()).toBe(array.shift())
    expect(ring.length).toBe(array.length)
    expect(Array.from(array, (_, index) => ring.at(index))).toEqual(array)
  }
}

test('a ring is a queue with indexes, however it grows, wraps and shrinks', () => {
  compare([3, -2, 5, -6, 0, 1, -1, -1])
  compare([1, -1, 1, -1, 4, -3, 4, -5, 100, -90, 3, -13, 2])
  compare([1_000, -999, 7, -8, 33, -20, 40, -53])
})

test('indexes outside answer undefined, also where a slot once was', () => {
  const ring = new Ring<number>()
  expect([ring.at(0), ring.shift()]).toEqual([undefined, undefined])
  for (const n of [1, 2, 3]) ring.push(n)
  ring.shift()
  expect([ring.at(-1), ring.at(1), ring.at(2)]).toEqual([undefined, 3, undefined])
  ring.clear()
  expect([ring.length, ring.at(0)]).toEqual([0, undefined])
  ring.push(9)
  expect(ring.at(0)).toBe(9)
})
