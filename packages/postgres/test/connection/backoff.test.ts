import { expect, it } from 'vitest'
import { Backoff } from '../../src/connection/backoff.js'

it('tries at once, then waits anything up to a ceiling that doubles to two seconds', () => {
  const longest = new Backoff(() => 0.999_999)
  const waits = Array.from({ length: 9 }, () => Math.round(longest.next()))
  expect(waits).toEqual([0, 50, 100, 200, 400, 800, 1_600, 2_000, 2_000])
  const shortest = new Backoff(() => 0)
  expect(Array.from({ length: 9 }, () => shortest.next())).toEqual(Array(9).fill(0))
})

it('begins again after a reset', () => {
  const backoff = new Backoff(() => 0.5)
  for (let i = 0; i < 20; i++) backoff.next()
  expect(backoff.next()).toBe(1_000)
  backoff.reset()
  expect([backoff.next(), backoff.next()]).toEqual([0, 25])
})
