// B1–B3: every channel has one order, its offsets have no holes, and everybody sees it.

import type { Topic } from '../../cases.js'
import { upTo } from '../entry.js'
import type { Scene } from '../scene.js'

export const order: Topic<Scene> = {
  name: 'order',
  cases: [
    {
      title: 'B1 append answers the message as it was stored',
      async run({ name, process, expect }) {
        const channel = name('chat')
        const one = await process()
        const first = await one.append(channel, { a: 1 }, { sender: 'alice', timestamp: 12.5 })
        const { data, sender, timestamp, offset } = first
        expect({ channel: first.channel, data, sender, timestamp, offset }).toEqual({
          channel,
          data: { a: 1 },
          sender: 'alice',
          timestamp: 12.5,
          offset: 1,
        })
        expect(typeof first.epoch).toBe('string')
        expect(first.epoch).not.toBe('')
        expect(first.id).toBe(undefined)
        const second = await one.append(channel, 2, { id: 'second' })
        expect(second.sender).toBe(null)
        expect(second.id).toBe('second')
      },
    },
    {
      title: 'B2 calls on one channel take offsets in call order, awaited or not',
      async run({ name, process, expect }) {
        const channel = name('chat')
        const one = await process()
        const messages = await Promise.all(upTo(200).map((n) => one.append(channel, n)))
        expect(messages.map((message) => message.offset)).toEqual(upTo(200))
        expect(messages.map((message) => message.data)).toEqual(upTo(200))
        expect(new Set(messages.map((message) => message.epoch)).size).toBe(1)
      },
    },
    {
      title: 'B2 every channel numbers its own messages, however alike the names',
      async run({ name, process, expect }) {
        const one = await process()
        const names = ['a', 'A', 'a ', ' a', 'a:b', 'ä', 'a\u0308', 'a%', 'a_', "a'"].map(name)
        for (let n = 1; n <= 5; n++) {
          const stored = await Promise.all(names.map((channel) => one.append(channel, n)))
          expect(stored.map((message) => message.offset)).toEqual(names.map(() => n))
          expect(stored.map((message) => message.channel)).toEqual(names)
        }
        for (const channel of names) expect(await one.history(channel)).toEqual(upTo(5))
      },
    },
    {
      title: 'B3 every process that watches gets every message, its own included, in order',
      async run({ name, pair, expect }) {
        const channel = name('chat')
        const [writer, reader] = await pair()
        const followers = [await writer.follow(channel), await reader.follow(channel)]
        await writer.fill(channel, 50)
        for (const follower of followers) {
          await follower.count(50)
          expect(follower.offsets).toEqual(upTo(50))
          expect(follower.data).toEqual(upTo(50))
          expect(follower.resets).toEqual([])
        }
      },
    },
    {
      title:
        'B3 many publishers in several processes: one order for all, each publisher’s own kept',
      async run({ name, processes, expect }) {
        const channel = name('chat')
        const members = await processes(3)
        const followers = await Promise.all(members.map((member) => member.follow(channel)))
        const perMember = 300
        await Promise.all(
          members.map(async (member, at) => {
            for (let n = 0; n < perMember; n += 10) {
              const burst = upTo(10).map((i) => member.append(channel, [at, n + i]))
              await Promise.all(burst)
            }
          }),
        )
        const total = members.length * perMember
        for (const follower of followers) {
          await follower.count(total)
          expect(follower.offsets).toEqual(upTo(total))
          expect(follower.data).toEqual(followers[0]?.data)
          expect(new Set(follower.messages.map((message) => message.epoch)).size).toBe(1)
        }
        for (const at of members.keys()) {
          const own = ((followers[0]?.data ?? []) as [number, number][]).filter(
            ([who]) => who === at,
          )
          expect(own.map(([, n]) => n)).toEqual(upTo(perMember))
        }
      },
    },
    {
      title: 'B3 a message keeps sender, timestamp, id and body on its way to another process',
      async run({ name, pair, expect }) {
        const channel = name('chat')
        const [writer, reader] = await pair()
        const follower = await reader.follow(channel)
        const sent = await writer.append(channel, ['x'], {
          sender: 'bob',
          timestamp: 1_700_000_000.125,
          id: 'id-1',
        })
        await follower.count(1)
        const [got] = follower.messages
        expect(got?.toJson()).toBe(sent.toJson())
        expect(got?.timestamp).toBe(1_700_000_000.125)
      },
    },
  ],
}
