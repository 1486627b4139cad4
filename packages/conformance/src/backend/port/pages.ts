// B5: what one page of the log holds, and where pages join up.

import type { ChannelBackend, PageLimit, Position } from '@chan/core/backend'
import { START } from '@chan/core/backend'
import type { Topic } from '../../cases.js'
import { atMost, bodyOf, EVERYTHING, upTo } from '../entry.js'
import type { Scene } from '../scene.js'

/** The offsets of every page from a position to the top. */
async function walk(
  backend: ChannelBackend,
  channel: string,
  limit: PageLimit,
  from: Position = START,
): Promise<number[][]> {
  const pages: number[][] = []
  let after = from
  for (;;) {
    const { messages, top } = await backend.read(channel, after, limit)
    pages.push(messages.map(({ offset }) => offset as number))
    const last = messages.at(-1)
    if (!last || last.offset === top.offset) return pages
    after = { epoch: last.epoch as string, offset: last.offset as number }
  }
}

export const pages: Topic<Scene> = {
  name: 'pages of the log',
  cases: [
    {
      title: 'B5 a page ends with the message that reaches its bytes, and pages join up',
      async run({ name, pair, expect }) {
        const channel = name('chat')
        const [writer, { backend }] = await pair()
        for (const _ of upTo(8)) await writer.append(channel, null, { body: bodyOf(100) })
        const inThrees = [
          [1, 2, 3],
          [4, 5, 6],
          [7, 8],
        ]
        for (const bytes of [200.5, 201, 299, 300]) {
          expect(await walk(backend, channel, atMost(100, bytes))).toEqual(inThrees)
        }
        expect(await walk(backend, channel, atMost(3, 500))).toEqual(inThrees)
        expect(await walk(backend, channel, atMost(4, 301))).toEqual([upTo(4), upTo(8, 5)])
        const { epoch } = (await backend.read(channel, START, atMost(1))).top
        const rest = await walk(backend, channel, atMost(100, 200), { epoch, offset: 5 })
        expect(rest).toEqual([[6, 7], [8]])
      },
    },
    {
      title: 'B5 a message that is larger than a page comes alone',
      async run({ name, process, expect }) {
        const channel = name('chat')
        const one = await process()
        for (const size of [50_000, 50_000, 10, 10, 50_000]) {
          await one.append(channel, null, { body: bodyOf(size) })
        }
        const alone = upTo(5).map((offset) => [offset])
        expect(await walk(one.backend, channel, atMost(100, 1))).toEqual(alone)
        const mixed = [[1], [2], [3, 4, 5]]
        expect(await walk(one.backend, channel, atMost(100, 1_000))).toEqual(mixed)
      },
    },
    {
      title: 'B5 without bounds a page goes to the top',
      async run({ name, process, expect }) {
        const channel = name('chat')
        const one = await process()
        await one.fill(channel, 40)
        expect(await walk(one.backend, channel, EVERYTHING)).toEqual([upTo(40)])
        expect((await walk(one.backend, channel, atMost(Infinity, 1))).length).toBe(40)
        expect(await walk(one.backend, channel, atMost(30))).toEqual([upTo(30), upTo(40, 31)])
      },
    },
    {
      title: 'B5 of reads at the same time each keeps to its own limit',
      async run({ name, pair, expect }) {
        const channels = upTo(40).map((n) => name(`chat-${n}`))
        const [writer, { backend }] = await pair()
        await Promise.all(
          channels.map(async (channel) => {
            for (const _ of upTo(6)) await writer.append(channel, null, { body: bodyOf(10) })
          }),
        )
        // Their counts differ from channel to channel, by messages in one and by bytes in the next.
        const wanted = channels.map((_, n) => 1 + (n % 5))
        const counts = await Promise.all(
          channels.map(async (channel, n) => {
            const count = wanted[n] as number
            const limit = n % 2 ? atMost(count) : atMost(100, 10 * count)
            return (await backend.read(channel, START, limit)).messages.length
          }),
        )
        expect(counts).toEqual(wanted)
      },
    },
  ],
}
