// A channel's messages as an iterator: what is read comes as fast as the loop takes it, what is live is
// bounded by the buffer.

import { isChanError, type Position, START } from '@chan/protocol'
import { waitFor } from '@chan/testkit'
import { describe, expect, test } from 'vitest'
import {
  MessageStream,
  type MessagesOptions,
  type StreamEnd,
} from '../src/channel/message-stream.js'
import type { Subscription } from '../src/channel/subscription.js'
import type { FeedSource } from '../src/hub/feed.js'
import { Subscriber } from '../src/hub/subscriber.js'
import { ManualClock } from '../src/testing/index.js'
import { makeLog, turn, upTo } from './feed-scene.js'

/** A stream on a channel of so many stored messages. */
function scene(stored: number, { since, ...options }: MessagesOptions = {}) {
  const made = makeLog()
  for (const offset of upTo(stored)) made.append(offset)
  const source: FeedSource = {
    ...{ name: 'c', clock: new ManualClock() },
    get position(): Position {
      return { epoch: 'e1', offset: made.log.length }
    },
    read: (after, limit) => ({ page: made.read(after, limit), fresh: true }),
    run: (task) => task(),
    failed: (error) => {
      throw error
    },
  }
  const state = { given: 0, taken: 0, most: 0 }
  let subscriber: Subscriber | undefined
  const subscribe = async ({ callback, pace, signal }: StreamEnd): Promise<Subscription> => {
    signal.throwIfAborted()
    const kind = {
      callback: (entry: Parameters<typeof callback>[0]) => {
        state.given++
        state.most = Math.max(state.most, state.given - state.taken)
        callback(entry)
      },
    }
    subscriber = new Subscriber(kind, { userId: null, reader: pace }, source)
    signal.addEventListener('abort', () => subscriber?.end())
    if (since) await subscriber.recover(since)
    return {} as Subscription
  }
  const stream = new MessageStream({ since, ...options }, subscribe)
  const publish = (count = 1) => {
    for (let n = 0; n < count; n++) subscriber?.accept(made.append(made.log.length + 1))
  }
  /** So many of the next messages. */
  const take = async (count: number) => {
    const taken: number[] = []
    while (taken.length < count) {
      const next = await stream.next()
      if (next.done) break
      state.taken++
      taken.push(next.value.offset as number)
    }
    return taken
  }
  const live = () => waitFor(() => subscriber?.live, { label: 'live' })
  return { ...made, stream, state, publish, take, live, subscriber: () => subscriber }
}

const overflow = expect.toSatisfy((error) => isChanError(error, 'buffer-overflow'))

describe('since', () => {
  test('more than the buffer holds comes in order, and what is published follows', async () => {
    const { take, publish, state, live } = scene(3_000, { since: START, highWaterMark: 1_000 })
    const first = await take(1_500)
    publish(5)
    const rest = await take(1_505)
    expect([...first, ...rest]).toEqual(upTo(3_005))
    // The buffer, and one on its way to the loop.
    expect(state.most).toBeLessThanOrEqual(1_001)
    await live()
    publish(3)
    expect(await take(3)).toEqual(upTo(3_008, 3_006))
  })

  test('is ready although nobody iterates yet', async () => {
    const { stream, state } = scene(3_000, { since: START, highWaterMark: 10 })
    await stream.ready
    await turn()
    expect(state.given).toBe(10)
  })

  test('is ready where there is nothing to read', async () => {
    const { stream, publish, take, live } = scene(5, { since: { epoch: 'e1', offset: 5 } })
    await stream.ready
    await live()
    publish(1)
    expect(await take(1)).toEqual([6])
  })

  test('a slow loop keeps the buffer bounded, however much is published meanwhile', async () => {
    const { take, publish, state, control } = scene(500, { since: START, highWaterMark: 20 })
    const all: number[] = []
    for (let n = 0; n < 50; n++) {
      publish(30)
      all.push(...(await take(10)))
      await turn()
      expect(state.given - state.taken).toBeLessThanOrEqual(20)
    }
    expect(all).toEqual(upTo(500))
    all.push(...(await take(1_500)))
    expect(all).toEqual(upTo(2_000))
    // Pages, not single messages.
    expect(control.reads).toBeLessThan(200)
  })

  test('with room for one, still all of it comes', async () => {
    const { take, state } = scene(300, { since: START, highWaterMark: 1 })
    expect(await take(300)).toEqual(upTo(300))
    expect(state.most).toBe(2)
  })
})

describe('overflow', () => {
  test('counts live messages only, not those that were read for the loop', async () => {
    const { stream, publish, take, live } = scene(8, { since: START, highWaterMark: 10 })
    await stream.ready
    await live()
    publish(10)
    await turn()
    expect(await take(18)).toEqual(upTo(18))
    publish(10)
    publish(1)
    expect(await take(10)).toEqual(upTo(28, 19))
    await expect(stream.next()).rejects.toEqual(overflow)
    expect(await stream.next()).toEqual({ done: true, value: undefined })
  })

  test('throw ends it after what is buffered, and the subscription at once', async () => {
    const { stream, publish, take, subscriber } = scene(0, { highWaterMark: 3 })
    await stream.ready
    publish(4)
    expect(subscriber()?.active).toBe(false)
    expect(await take(3)).toEqual([1, 2, 3])
    await expect(stream.next()).rejects.toEqual(overflow)
  })

  test.each([
    ['drop-oldest', [3, 4, 5]],
    ['drop-newest', [1, 2, 3]],
  ] as const)('%s loses some and goes on', async (policy, kept) => {
    const { stream, publish, take } = scene(0, { highWaterMark: 3, overflow: policy })
    await stream.ready
    publish(5)
    expect(await take(3)).toEqual(kept)
    publish(1)
    expect(await take(1)).toEqual([6])
  })

  test('drop-newest keeps what was read, drop-oldest begins with it; neither grows', async () => {
    for (const policy of ['drop-newest', 'drop-oldest'] as const) {
      const { stream, publish, take, live } = scene(3, {
        ...{ since: START, highWaterMark: 4, overflow: policy },
      })
      await stream.ready
      await live()
      publish(100)
      const taken = await take(7)
      if (policy === 'drop-newest') expect(taken).toEqual(upTo(7))
      else expect(taken).toEqual(upTo(103, 97))
    }
  })
})

describe('an end', () => {
  test('by abort, while it waits for a message: that wait ends with the reason', async () => {
    const controller = new AbortController()
    const { stream } = scene(0, { signal: controller.signal })
    await stream.ready
    const [one, two] = [stream.next(), stream.next()]
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(one).rejects.toBe(reason)
    expect(await two).toEqual({ done: true, value: undefined })
  })

  test('by abort, while the log waits for the loop: nothing more is read', async () => {
    const controller = new AbortController()
    const { stream, take, state, subscriber } = scene(100, {
      ...{ since: START, highWaterMark: 10, signal: controller.signal },
    })
    expect(await take(1)).toEqual([1])
    controller.abort(new Error('enough'))
    await expect(stream.next()).rejects.toThrow('enough')
    const { given } = state
    await turn()
    expect([state.given, subscriber()?.active]).toEqual([given, false])
  })

  test('by leaving the loop ends the subscription', async () => {
    const { stream, subscriber, state } = scene(100, { since: START, highWaterMark: 10 })
    for await (const message of stream) {
      if (message.offset === 5) break
    }
    expect(subscriber()?.active).toBe(false)
    const { given } = state
    await turn()
    expect(state.given).toBe(given)
  })
})
