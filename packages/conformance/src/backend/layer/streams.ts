// messages(): a channel as an async iterator.

import type { Message } from '@chan/core'
import type { Topic } from '../../cases.js'
import { until } from '../../until.js'
import { upTo } from '../entry.js'
import type { Scene } from '../scene.js'
import { collect, refusal } from './collect.js'

/** Takes so many, then leaves the loop. */
async function take(stream: AsyncIterable<Message>, count: number): Promise<unknown[]> {
  const data: unknown[] = []
  if (count === 0) return data
  for await (const message of stream) {
    data.push(message.data)
    if (data.length === count) break
  }
  return data
}

/** Takes until the stream ends by itself. */
async function drain(stream: AsyncIterable<Message>) {
  const data: unknown[] = []
  try {
    for await (const message of stream) data.push(message.data)
    return { data, error: undefined }
  } catch (error) {
    return { data, error }
  }
}

export const streams: Topic<Scene> = {
  name: 'layer: messages()',
  cases: [
    {
      title: 'it subscribes at the call, hands out in order, and leaving the loop unsubscribes',
      async run({ name, layer, expect }) {
        const chat = (await layer()).channel(name('chat'))
        const stream = chat.messages()
        const subscription = await stream.ready
        expect(subscription.recovered).toEqual({ count: 0, truncated: false })
        for (const n of upTo(5)) await chat.publish(n)
        expect(chat.localSubscriberCount).toBe(1)
        expect(await take(stream, 5)).toEqual(upTo(5))
        expect(chat.localSubscriberCount).toBe(0)
        expect(await stream.next()).toEqual({ done: true, value: undefined })
      },
    },
    {
      title: 'a loop that waits gets messages as they come; since, filter and several waiters',
      async run({ name, layer, expect }) {
        const chat = (await layer()).channel(name('chat'))
        await chat.publish(0)
        const stream = chat.messages({
          since: { epoch: '', offset: 0 },
          filterFn: (message) => message.data !== 2,
        })
        const three = Promise.all([stream.next(), stream.next(), stream.next()])
        await stream.ready
        for (const n of upTo(3)) await chat.publish(n)
        expect((await three).map((result) => result.value?.data)).toEqual([0, 1, 3])
        await stream.return()
        expect(chat.localSubscriberCount).toBe(0)
      },
    },
    {
      title: 'a full buffer throws buffer-overflow after what is buffered, and unsubscribes',
      async run({ name, layer, expect }) {
        const chat = (await layer()).channel(name('chat'))
        const stream = chat.messages({ highWaterMark: 3 })
        await stream.ready
        const witness = await collect(chat)
        for (const n of upTo(5)) await chat.publish(n)
        await witness.count(5)
        const { data, error } = await drain(stream)
        expect(data).toEqual([1, 2, 3])
        expect((error as { code?: string }).code).toBe('buffer-overflow')
        expect(await stream.next()).toEqual({ done: true, value: undefined })
        await until('the end of the subscription', () => chat.localSubscriberCount === 1)
      },
    },
    {
      title: 'drop-oldest keeps the newest, drop-newest the oldest, the default is 1,000',
      async run({ name, layer, expect }) {
        const chat = (await layer()).channel(name('chat'))
        const oldest = chat.messages({ highWaterMark: 3, overflow: 'drop-oldest' })
        const newest = chat.messages({ highWaterMark: 3, overflow: 'drop-newest' })
        const wide = chat.messages()
        await Promise.all([oldest.ready, newest.ready, wide.ready])
        const witness = await collect(chat)
        for (const n of upTo(1_000)) void chat.publish(n)
        await witness.count(1_000)
        expect(await take(oldest, 3)).toEqual([998, 999, 1_000])
        expect(await take(newest, 3)).toEqual([1, 2, 3])
        expect(await take(wide, 1_000)).toEqual(upTo(1_000))
      },
    },
    {
      title: 'abort throws the reason, in a waiting loop and before the first message',
      async run({ name, layer, expect }) {
        const chat = (await layer()).channel(name('chat'))
        const reason = new Error('stop')
        const controller = new AbortController()
        const stream = chat.messages({ signal: controller.signal })
        await stream.ready
        const draining = drain(stream)
        await chat.publish(1)
        await until('the subscription', () => chat.localSubscriberCount === 1)
        controller.abort(reason)
        const { error } = await draining
        expect(error === reason).toBe(true)
        await until('its end', () => chat.localSubscriberCount === 0)
        const aborted = await drain(chat.messages({ signal: AbortSignal.abort(reason) }))
        expect(aborted.error === reason).toBe(true)
      },
    },
    {
      title: 'disconnect ends it after what was published; a denied user hears why',
      async run({ name, layer, expect }) {
        const one = await layer()
        const chat = one.channel(name('chat'))
        const stream = chat.messages()
        await stream.ready
        for (const n of upTo(50)) void chat.publish(n).catch(() => {})
        await one.disconnect()
        expect(await drain(stream)).toEqual({ data: upTo(50), error: undefined })
        const other = await layer()
        const staff = other.channel(name('staff'), { authFn: () => false })
        const denied = staff.messages({ userId: 'mallory' })
        expect(await refusal(() => denied.ready)).toBe('permission-denied')
        expect(((await drain(denied)).error as { code?: string }).code).toBe('permission-denied')
      },
    },
    {
      title: 'wrong options are refused',
      async run({ name, layer, expect }) {
        const chat = (await layer()).channel(name('chat'))
        for (const wrong of [{ highWaterMark: 0 }, { highWaterMark: 1.5 }, { overflow: 'wait' }]) {
          const refused = await refusal(() => chat.messages(wrong as never).ready)
          expect([wrong, refused]).toEqual([wrong, 'invalid-option'])
        }
        expect(chat.localSubscriberCount).toBe(0)
      },
    },
  ],
}
