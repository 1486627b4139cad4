// Deliveries never nest and never starve the event loop.

import { Message } from '@chan/protocol'
import { waitFor } from '@chan/testkit'
import { describe, expect, test } from 'vitest'
import { DeliveryQueue } from '../src/hub/delivery-queue.js'
import { systemClock } from '../src/model/clock.js'
import { ManualClock } from '../src/testing/manual-clock.js'

const nothing = Message.fromStored({ channel: 'c', body: '0', sender: null, timestamp: 0 })

describe('DeliveryQueue', () => {
  test('delivers at once, and what comes during a delivery after it', () => {
    // Time stands still: a machine that stalls for 10 ms here would end the turn.
    const queue = new DeliveryQueue(new ManualClock())
    const steps: string[] = []
    queue.run(() => {
      steps.push('outer begins')
      queue.run(() => steps.push('inner'))
      steps.push('outer ends')
    })
    expect(steps).toEqual(['outer begins', 'outer ends', 'inner'])
  })

  test('a chain of a hundred thousand neither overflows the stack nor holds the event loop', async () => {
    const queue = new DeliveryQueue(systemClock)
    let left = 100_000
    let turns = 0
    const counting = setInterval(() => turns++, 0)
    const next = () => {
      if (--left > 0) queue.run(next)
    }
    queue.run(next)
    expect(left).toBeGreaterThan(0)
    await queue.caughtUp()
    while (left > 0) await queue.caughtUp()
    clearInterval(counting)
    expect(left).toBe(0)
    expect(turns).toBeGreaterThan(1)
  })

  test('tasks that answer each other in microtasks let timers run', async () => {
    const queue = new DeliveryQueue(systemClock)
    let stop = false
    const answer = () => {
      if (!stop) void Promise.resolve().then(() => queue.run(answer))
    }
    queue.run(answer)
    // Waiting runs on timers: without turns of the event loop it would never end.
    await waitFor(() => queue.finished > 2_500, { label: 'several turns of deliveries' })
    stop = true
    await queue.caughtUp()
  })

  test('caughtUp waits for what waits now, in order', async () => {
    const queue = new DeliveryQueue(systemClock)
    const receiver = { receive: () => {} }
    expect(queue.caughtUp()).toBeUndefined()
    for (let count = 0; count < 2_500; count++) queue.push(receiver, nothing)
    expect(queue.length).toBeGreaterThan(0)
    await queue.caughtUp()
    expect(queue.finished).toBe(2_500)
    expect(queue.length).toBe(0)
  })

  test('who has an answer gets it after what waited, in its turn, and hears when it never comes', async () => {
    const queue = new DeliveryQueue(new ManualClock())
    const steps: string[] = []
    expect(queue.answerLater('now')).toBeUndefined()
    const wait = (name: string) =>
      queue.answerLater(name)?.then((answer) => steps.push(`answer ${answer}`))
    queue.run(() => {
      queue.run(() => steps.push('first'))
      void wait('first')
      for (let count = 0; count < 998; count++) queue.run(() => {})
      void wait('last of this turn')
      queue.run(() => steps.push('next turn'))
    })
    expect(queue.length).toBe(1)
    await Promise.resolve()
    await Promise.resolve()
    expect(steps).toEqual(['first', 'answer first', 'answer last of this turn'])
    const abandoned = queue.answerLater('never')
    const caughtUp = queue.caughtUp()
    queue.abandon(new Error('closed'))
    await expect(abandoned).rejects.toThrow('closed')
    await caughtUp
    expect(steps.at(-1)).toBe('next turn')
  })
})
