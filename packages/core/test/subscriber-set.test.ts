// Fan-out over a set that its own callbacks change.

import { Message, START } from '@chan/protocol'
import { describe, expect, test } from 'vitest'
import type { FeedSource } from '../src/hub/feed.js'
import { Subscriber } from '../src/hub/subscriber.js'
import { SubscriberSet } from '../src/hub/subscriber-set.js'
import { ManualClock } from '../src/testing/index.js'

const message = Message.fromStored({ channel: 'c', body: '1', sender: null, timestamp: 0 })

function subscriber(callback: () => unknown): Subscriber {
  const source: FeedSource = {
    ...{ name: 'chat', clock: new ManualClock(), position: START },
    read: () => ({ page: new Promise(() => {}), fresh: true }),
    run: (task) => task(),
    failed: (error) => {
      throw error
    },
  }
  return new Subscriber({ callback }, { userId: null }, source)
}

function end(set: SubscriberSet, one: Subscriber): void {
  one.end()
  set.delete(one)
}

describe('SubscriberSet', () => {
  test('a callback that removes itself and others: nobody is skipped, nobody called after', () => {
    const set = new SubscriberSet()
    const heard: number[] = []
    const all = [0, 1, 2, 3, 4].map((index) =>
      subscriber(() => {
        heard.push(index)
        if (index !== 1) return
        end(set, all[1] as Subscriber)
        end(set, all[3] as Subscriber)
      }),
    )
    for (const one of all) set.add(one)
    set.deliver(message)
    expect(heard).toEqual([0, 1, 2, 4])
    expect(set.size).toBe(3)
    set.deliver(message)
    expect(heard.slice(4).sort()).toEqual([0, 2, 4])
  })

  test('who is added during a delivery hears from the next message on', () => {
    const set = new SubscriberSet()
    let heard = 0
    const late = subscriber(() => heard++)
    const first = subscriber(() => late.slot < 0 && set.add(late))
    set.add(first)
    set.deliver(message)
    expect(heard).toBe(0)
    set.deliver(message)
    expect(heard).toBe(1)
  })

  test('removing twice, or a stranger, is a no-op', () => {
    const set = new SubscriberSet()
    const [a, b] = [subscriber(() => {}), subscriber(() => {})]
    set.add(a)
    expect(set.delete(b)).toBe(false)
    expect(set.delete(a)).toBe(true)
    expect(set.delete(a)).toBe(false)
    expect(set.size).toBe(0)
  })
})
