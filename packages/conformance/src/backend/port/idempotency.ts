// B1: a repeated id stores nothing and answers the message first stored under it.

import { START } from '@chan/core/backend'
import type { Topic } from '../../cases.js'
import { atMost, DEFAULT_LIMITS, entry, limits, upTo } from '../entry.js'
import type { Scene } from '../scene.js'

export const idempotency: Topic<Scene> = {
  name: 'idempotency',
  cases: [
    {
      title: 'B1 a repeated id answers the first message, from any process, and delivers nothing',
      async run({ name, pair, expect }) {
        const channel = name('chat')
        const [one, other] = await pair()
        const follower = await other.follow(channel)
        const first = await one.append(channel, 'first', { id: 'x', sender: 'alice' })
        const again = await other.append(channel, 'second', { id: 'x', sender: 'bob' })
        expect(again.toJson()).toBe(first.toJson())
        await one.append(channel, 'end')
        await follower.count(2)
        expect(follower.data).toEqual(['first', 'end'])
        expect(follower.offsets).toEqual([1, 2])
      },
    },
    {
      title: 'B1 the same id from several processes at once is stored once',
      async run({ name, processes, rounds, expect }) {
        const members = await processes(3)
        for (let round = 0; round < Math.min(rounds, 50); round++) {
          const channel = name(`chat-${round % 5}`)
          const twelve = upTo(12).map((n) => members[n % 3]?.append(channel, n, { id: `${round}` }))
          const messages = await Promise.all(twelve)
          expect(new Set(messages.map((message) => message?.offset)).size).toBe(1)
          expect(new Set(messages.map((message) => message?.body)).size).toBe(1)
        }
        const { top } = (await members[0]?.backend.read(name('chat-0'), START, atMost(1))) ?? {}
        expect(top?.offset).toBe(Math.ceil(Math.min(rounds, 50) / 5))
      },
    },
    {
      title: 'B1 ids belong to their channel',
      async run({ name, process, expect }) {
        const one = await process()
        await one.append(name('a'), 'a', { id: 'x' })
        const message = await one.append(name('b'), 'b', { id: 'x' })
        expect([message.channel, message.data]).toEqual([name('b'), 'b'])
      },
    },
    {
      title: 'B1 an id is remembered when its message left history long ago',
      async run({ name, process, expect }) {
        const channel = name('chat')
        const one = await process()
        const first = await one.append(channel, 'first', { id: 'x', limits: limits(1) })
        await one.fill(channel, 20, limits(1))
        await one.backend.clear(channel)
        const again = await one.append(channel, 'again', { id: 'x', limits: limits(1) })
        expect(again.toJson()).toBe(first.toJson())
        expect(await one.history(channel, {}, limits(1))).toEqual([])
        expect((await one.append(channel, 'next')).offset).toBe(22)
      },
    },
    {
      title: 'B1 append to many channels with an id: those that have it keep their first message',
      async run({ name, process, expect }) {
        const one = await process()
        const channels = upTo(5).map((n) => name(`chat-${n}`))
        const [known] = channels
        if (known === undefined) return
        await one.append(known, 'earlier', { id: 'x' })
        const publish = () =>
          one.backend.appendEach(channels, entry('all', { id: 'x' }), () => DEFAULT_LIMITS)
        const stored = await publish()
        expect(stored.map((message) => message.data)).toEqual([
          'earlier',
          'all',
          'all',
          'all',
          'all',
        ])
        const again = await publish()
        expect(again.map((message) => message.toJson())).toEqual(
          stored.map((message) => message.toJson()),
        )
        for (const channel of channels) expect((await one.history(channel)).length).toBe(1)
      },
    },
  ],
}
