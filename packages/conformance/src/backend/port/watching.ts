// B4: from the position that `watch` answers on, nothing is missing.

import { joins, START } from '@chan/core/backend'
import type { Topic } from '../../cases.js'
import { limits, upTo } from '../entry.js'
import type { Scene } from '../scene.js'

export const watching: Topic<Scene> = {
  name: 'watching',
  cases: [
    {
      title: 'B4 watch answers the top',
      async run({ name, pair, expect }) {
        const channel = name('chat')
        const [writer, reader] = await pair()
        const last = await writer.append(channel, 1)
        expect(await reader.backend.watch(channel)).toEqual({ epoch: last.epoch, offset: 1 })
      },
    },
    {
      title: 'B4 START joins up with the first message of a channel',
      async run({ name, pair, expect }) {
        const channel = name('chat')
        const [writer, reader] = await pair()
        const follower = await reader.follow(channel)
        expect(follower.position).toEqual(START)
        const first = await writer.append(channel, 'first')
        await follower.count(1)
        expect(follower.data).toEqual(['first'])
        expect(joins(START, { epoch: first.epoch as string, offset: 1 })).toBe(true)
        expect(follower.resets).toEqual([])
      },
    },
    {
      title: 'B4 watched during a storm, again and again: every message after the position comes',
      async run({ name, processes, rounds, expect }) {
        const channel = name('chat')
        const [reader, ...writers] = await processes(3)
        if (!reader) throw new Error('no reader')
        let storming = true
        const storms = writers.map(async (writer) => {
          while (storming) {
            await Promise.all(upTo(5).map((n) => writer.append(channel, n, { limits: limits(0) })))
            await new Promise((resolve) => setTimeout(resolve, 0))
          }
        })
        for (let round = 0; round < Math.min(rounds, 60); round++) {
          const follower = await reader.follow(channel)
          const { offset } = follower.position ?? START
          await follower.count(12)
          expect(follower.offsets).toEqual(upTo(offset + follower.messages.length, offset + 1))
          expect(follower.resets).toEqual([])
          await reader.unfollow(channel)
        }
        storming = false
        await Promise.all(storms)
      },
    },
    {
      title: 'B4 two hundred channels watched at once while they are published to',
      async run({ name, pair, expect }) {
        const [writer, reader] = await pair()
        const channels = upTo(200).map((n) => name(`chat-${n}`))
        const publishing = channels.map((channel) => writer.fill(channel, 5))
        const followers = await Promise.all(channels.map((channel) => reader.follow(channel)))
        await Promise.all(publishing)
        await Promise.all(channels.map((channel) => writer.append(channel, 6)))
        for (const follower of followers) {
          const { offset } = follower.position ?? START
          await follower.count(6 - offset)
          expect(follower.data).toEqual(upTo(6, offset + 1))
          expect(follower.resets).toEqual([])
        }
      },
    },
    {
      title: 'B4 a channel watched again continues where it stands',
      async run({ name, pair, expect }) {
        const channel = name('chat')
        const [writer, reader] = await pair()
        await reader.follow(channel)
        await writer.fill(channel, 3)
        await reader.unfollow(channel)
        await writer.append(channel, 4)
        const again = await reader.follow(channel)
        expect(again.position?.offset).toBe(4)
        await writer.append(channel, 5)
        await again.count(1)
        expect(again.data).toEqual([5])
      },
    },
  ],
}
