// B1: one entry appended to many channels is one operation.

import type { Topic } from '../../cases.js'
import { DEFAULT_LIMITS, entry, limits, upTo } from '../entry.js'
import type { Scene } from '../scene.js'

export const manyChannels: Topic<Scene> = {
  name: 'append to many channels',
  cases: [
    {
      title: 'B1 appendEach reaches every channel once and answers in their order',
      async run({ name, pair, expect }) {
        const [writer, reader] = await pair()
        const channels = upTo(50).map((n) => name(`chat-${n}`))
        const followers = await Promise.all(channels.map((channel) => reader.follow(channel)))
        await writer.append(channels[7] as string, 'earlier')
        const stored = await writer.backend.appendEach(
          channels,
          entry({ news: true }, { sender: 'server' }),
          () => DEFAULT_LIMITS,
        )
        expect(stored.map((message) => message.channel)).toEqual(channels)
        expect(stored.map((message) => message.offset)).toEqual(
          channels.map((_, at) => (at === 7 ? 2 : 1)),
        )
        for (const [at, follower] of followers.entries()) {
          await follower.count(at === 7 ? 2 : 1)
          const last = follower.messages.at(-1)
          expect(last?.toJson()).toBe(stored[at]?.toJson())
        }
      },
    },
    {
      title: 'B1 appendEach to no channel answers nothing',
      async run({ process, expect }) {
        const { backend } = await process()
        expect(await backend.appendEach([], entry(1), () => DEFAULT_LIMITS)).toEqual([])
      },
    },
    {
      title: 'B1 appendEach honours the limits of each channel',
      async run({ name, process, expect }) {
        const one = await process()
        const channels = [name('a'), name('b')]
        for (let n = 1; n <= 4; n++) {
          await one.backend.appendEach(channels, entry(n), (channel) =>
            limits(channel === name('a') ? 1 : 3),
          )
        }
        expect(await one.history(name('a'))).toEqual([4])
        expect(await one.history(name('b'))).toEqual([2, 3, 4])
      },
    },
    {
      title: 'B2 appendEach and append keep their call order in every channel',
      async run({ name, process, expect }) {
        const one = await process()
        const channels = upTo(5).map((n) => name(`chat-${n}`))
        const calls: Promise<unknown>[] = []
        for (let n = 0; n < 20; n++) {
          calls.push(...channels.map((channel) => one.append(channel, `one ${n}`)))
          calls.push(one.backend.appendEach(channels, entry(`each ${n}`), () => DEFAULT_LIMITS))
        }
        await Promise.all(calls)
        const expected = upTo(20).flatMap((n) => [`one ${n - 1}`, `each ${n - 1}`])
        for (const channel of channels) expect(await one.history(channel)).toEqual(expected)
      },
    },
  ],
}
