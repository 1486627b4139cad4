import { ManualClock } from '@chan/core/testing'
import { isChanError } from '@chan/protocol'
import { describe, expect, test } from 'vitest'
import { closeReason } from '../src/connection/close-reason.js'
import { resolveDurations, resolveLimits } from '../src/connection/limits.js'
import { exceeds } from '../src/connection/payload-size.js'
import { TokenBucket } from '../src/connection/token-bucket.js'

const invalid = expect.toSatisfy((error) => isChanError(error, 'invalid-option'))

describe('token bucket', () => {
  test('starts full, empties with use, fills with time up to its burst', () => {
    const clock = new ManualClock()
    const bucket = new TokenBucket({ perSecond: 10, burst: 3 }, clock)
    const take = (times: number) => Array.from({ length: times }, () => bucket.take())
    expect(take(4)).toEqual([true, true, true, false])
    expect(bucket.waitMs).toBe(100)
    clock.advance(99)
    expect(take(1)).toEqual([false])
    clock.advance(1)
    expect(take(2)).toEqual([true, false])
    clock.advance(60_000)
    expect(take(4)).toEqual([true, true, true, false])
  })

  test('a wall clock that is set back gives and takes nothing', () => {
    let now = 1_000_000
    const clock = Object.assign(new ManualClock(), { now: () => now })
    const bucket = new TokenBucket({ perSecond: 1, burst: 2 }, clock)
    expect(bucket.take()).toBe(true)
    now -= 500_000
    expect(bucket.take()).toBe(true)
    expect(bucket.take()).toBe(false)
    now += 1000
    expect(bucket.take()).toBe(true)
  })
})

describe('options', () => {
  test('defaults are those of the documentation', () => {
    expect(resolveLimits({})).toEqual({
      maxPayloadBytes: 65_536,
      maxBufferedBytes: 1_048_576,
      maxQueuedFrames: 256,
      commands: { perSecond: 50, burst: 100 },
      publishes: { perSecond: 20, burst: 40 },
      maxChannels: 100,
    })
    expect(resolveDurations({})).toEqual({
      handshakeTimeoutMs: 10_000,
      pingIntervalMs: 25_000,
      pongTimeoutMs: 10_000,
      stallTimeoutMs: 60_000,
      closeTimeoutMs: 5_000,
    })
  })

  test.each([
    [{ maxPayloadBytes: 0 }],
    [{ maxBufferedBytes: -1 }],
    [{ maxQueuedFrames: 1.5 }],
    [{ maxChannels: Number.NaN }],
    [{ commands: { perSecond: 0, burst: 1 } }],
    [{ publishes: { perSecond: 1, burst: 0.5 } }],
    [{ publishes: { perSecond: Number.POSITIVE_INFINITY, burst: 1 } }],
  ])('%o is refused', (options) => {
    expect(() => resolveLimits(options)).toThrow(invalid)
  })

  test('durations must fit a timer', () => {
    expect(() => resolveDurations({ pingIntervalMs: 0 })).toThrow(invalid)
    expect(() => resolveDurations({ pongTimeoutMs: 2 ** 31 })).toThrow(invalid)
    expect(() => resolveDurations({ stallTimeoutMs: 0 })).toThrow(invalid)
  })

  test('a route may lower the payload limit, not raise it', () => {
    const base = resolveLimits({ maxPayloadBytes: 1000, maxChannels: 5 })
    expect(resolveLimits({ maxPayloadBytes: 10 }, base)).toEqual({ ...base, maxPayloadBytes: 10 })
    expect(() => resolveLimits({ maxPayloadBytes: 1001 }, base)).toThrow(invalid)
  })
})

test('sizes are counted in bytes', () => {
  expect(exceeds('a'.repeat(10), 10)).toBe(false)
  expect(exceeds('a'.repeat(11), 10)).toBe(true)
  expect(exceeds('é'.repeat(5), 10)).toBe(false)
  expect(exceeds('é'.repeat(6), 10)).toBe(true)
  expect(exceeds('😀'.repeat(3), 10)).toBe(true)
})

test('close reasons are cut between characters, to 123 bytes', () => {
  expect(closeReason('short')).toBe('short')
  expect(closeReason('a'.repeat(200))).toBe('a'.repeat(123))
  expect(closeReason('é'.repeat(100))).toBe('é'.repeat(61))
  expect(closeReason('😀'.repeat(50))).toBe('😀'.repeat(30))
  expect(closeReason('\ud800')).toBe('\ufffd')
})
