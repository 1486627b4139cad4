import { ManualClock } from '@chan/core/testing'
import { describe, expect, test } from 'vitest'
import { CoarseTimers } from '../src/connection/coarse-timers.js'

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
