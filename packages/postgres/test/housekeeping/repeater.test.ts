// A repeater runs its step one at a time, when it should, and never in a hurry while it fails.
import { ChanError } from '@chan/core'
import { ManualClock } from '@chan/core/testing'
import { waitFor } from '@chan/testkit'
import pg from 'pg'
import { expect, test } from 'vitest'
import { Repeater } from '../../src/housekeeping/repeater.js'

function repeating(answers: (number | Error)[] = []) {
  const clock = new ManualClock()
  const reported: unknown[] = []
  const starts: number[] = []
  let running = 0
  let finish: (() => void) | undefined
  const state = { holds: false }
  const begun = clock.now()
  const repeater = new Repeater({
    clock,
    async step() {
      if (running++ > 0) throw new Error('two at a time')
      starts.push(clock.now() - begun)
      if (state.holds) await new Promise<void>((resolve) => (finish = resolve))
      running--
      const answer = answers.shift() ?? 100
      if (answer instanceof Error) throw answer
      return answer
    },
    report: (error) => reported.push(error),
  })
  return {
    ...{ clock, reported, starts, state, repeater },
    finish: () => finish?.(),
    /** Moves time in small steps, so that what settles in between is seen. */
    async pass(ms: number) {
      await new Promise((resolve) => setImmediate(resolve))
      for (let passed = 0; passed < ms; passed += 5) {
        clock.advance(5)
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
  }
}

test('each run says when the next one is', async () => {
  const { repeater, starts, pass } = repeating([100, 0, 50, Infinity])
  repeater.start()
  await pass(500)
  expect(starts).toEqual([0, 100, 100, 150])
})

test('a wake brings the next run forward, never back', async () => {
  const { repeater, starts, pass } = repeating([100, 100, Infinity])
  repeater.start()
  await pass(20)
  repeater.wake(30)
  repeater.wake(60)
  await pass(200)
  expect(starts).toEqual([0, 50, 150])
  repeater.wake()
  expect(starts).toEqual([0, 50, 150, 220])
})

test('wakes during a run are one run after it', async () => {
  const { repeater, starts, state, finish, pass } = repeating([Infinity, Infinity])
  state.holds = true
  repeater.start()
  for (let n = 0; n < 5; n++) repeater.wake()
  await pass(10)
  state.holds = false
  finish()
  await pass(100)
  expect(starts).toEqual([0, 10])
})

test('failures come with growing pauses that wakes do not shorten, and are told once', async () => {
  const failures = Array.from({ length: 6 }, () => new Error('no'))
  const { repeater, starts, reported, pass } = repeating([...failures, Infinity, new Error('no')])
  repeater.start()
  for (let n = 0; n < 1_200; n++) {
    repeater.wake()
    await pass(5)
  }
  expect(starts.length).toBeGreaterThanOrEqual(6)
  const pauses = starts.slice(1, 6).map((start, n) => start - (starts[n] as number))
  expect(pauses.every((pause, n) => pause >= 100 * 2 ** n)).toBe(true)
  expect(reported).toEqual([failures[0]])
  await pass(20_000)
  repeater.wake()
  await pass(10)
  expect(reported).toHaveLength(2)
})

test('what passes by itself is not told, unless it stays', async () => {
  const lost = new ChanError('unavailable', 'The connection was lost.', 'Wait.')
  const locked = Object.assign(new pg.DatabaseError('lock', 4, 'error'), { code: '55P03' })
  const { repeater, reported, starts, pass } = repeating([
    ...Array.from({ length: 12 }, () => lost),
    1,
    ...Array.from({ length: 12 }, () => locked),
  ])
  repeater.start()
  await waitFor(async () => {
    await pass(5_000)
    return starts.length > 25
  })
  expect(reported).toEqual([locked])
})

test('paused, it does not run, and then goes on at once', async () => {
  const { repeater, starts, state, finish, pass } = repeating([new Error('no'), 100])
  repeater.start()
  await pass(10)
  repeater.pause()
  await pass(1_000)
  repeater.wake()
  expect(starts).toEqual([0])
  repeater.start()
  expect(starts).toEqual([0, 1_010])
  // One that is running when it is paused and started again stays the only one.
  state.holds = true
  await pass(100)
  repeater.pause()
  repeater.start()
  await pass(50)
  expect(starts).toHaveLength(3)
  state.holds = false
  finish()
  await pass(150)
  expect(starts).toHaveLength(4)
})

test('closing waits for the run, and there is none after it', async () => {
  const { repeater, starts, state, finish, pass, clock } = repeating()
  state.holds = true
  repeater.start()
  let closed = false
  const closing = repeater.close().then(() => {
    closed = true
  })
  await pass(20)
  expect(closed).toBe(false)
  finish()
  await closing
  repeater.start()
  repeater.wake()
  await pass(1_000)
  expect(starts).toEqual([0])
  expect(clock.pending).toBe(0)
})
