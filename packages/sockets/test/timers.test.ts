import { ManualClock } from '@chan/core/testing'
import { describe, expect, test } from 'vitest'
import { CoarseTimers } from '../src/connection/coarse-timers.js'
import { Heartbeat } from '../src/connection/heartbeat.js'
import { resolveDurations } from '../src/connection/limits.js'

describe('coarse timers', () => {
  test('many deadlines take one host timer, and none when nothing waits', () => {
    const clock = new ManualClock()
    const timers = new CoarseTimers(clock, 100)
    const ran: number[] = []
    const handles = [150, 150, 1000].map((ms, i) => timers.after(ms, () => ran.push(i)))
    expect(clock.pending).toBe(1)
    clock.advance(150)
    expect(ran).toEqual([])
    clock.advance(200)
    expect(ran).toEqual([0, 1])
    expect(clock.pending).toBe(1)
    handles[2]?.cancel()
    handles[2]?.cancel()
    expect(clock.pending).toBe(0)
    clock.advance(10_000)
    expect(ran).toEqual([0, 1])
  })

  test('a task may start and cancel others of its tick', () => {
    const clock = new ManualClock()
    const timers = new CoarseTimers(clock, 100)
    const ran: string[] = []
    timers.after(50, () => {
      ran.push('first')
      second.cancel()
      timers.after(50, () => ran.push('third'))
    })
    const second = timers.after(50, () => ran.push('second'))
    clock.advance(1000)
    expect(ran).toEqual(['first', 'third'])
    expect(clock.pending).toBe(0)
  })
})

describe('heartbeat', () => {
  function beating() {
    const clock = new ManualClock()
    const seen = { pings: 0, dead: 0 }
    const timers = new CoarseTimers(clock, 1000)
    const heartbeat = new Heartbeat({
      home: { timers, durations: resolveDurations({}) },
      ping: () => {
        seen.pings++
      },
      dead: () => {
        seen.dead++
      },
    })
    return { clock, seen, heartbeat }
  }

  test('pings every 25 s as long as something is heard within 10 s', () => {
    const { clock, seen, heartbeat } = beating()
    for (let second = 0; second < 240; second++) {
      clock.advance(1000)
      if (seen.pings > 0) heartbeat.heard()
    }
    expect(seen.dead).toBe(0)
    expect(seen.pings).toBeGreaterThanOrEqual(8)
    heartbeat.stop()
    expect(clock.pending).toBe(0)
  })

  test('a silent peer is dead 35 s after it was heard last, two seconds late at most', () => {
    const { clock, seen } = beating()
    clock.advance(35_000)
    expect(seen).toEqual({ pings: 1, dead: 0 })
    clock.advance(4_000)
    expect(seen).toEqual({ pings: 1, dead: 1 })
    expect(clock.pending).toBe(0)
  })

  test('what was heard before the ping is no answer to it', () => {
    const { clock, seen, heartbeat } = beating()
    clock.advance(20_000)
    heartbeat.heard()
    clock.advance(20_000)
    expect(seen).toEqual({ pings: 1, dead: 1 })
  })
})
