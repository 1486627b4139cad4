// B5: history in pages, from the oldest message that is shown to the newest.

import type { ChannelBackend, HistoryQuery, Position } from '@chan/core/backend'
import { START } from '@chan/core/backend'
import type { Topic } from '../../cases.js'
import { atMost, bodyOf, DEFAULT_LIMITS, EVERYTHING, limits, upTo } from '../entry.js'
import type { Scene } from '../scene.js'

/** The offsets of every page of what a query selects, each continued after the last of the one before. */
async function walk(
  backend: ChannelBackend,
  channel: string,
  limit = EVERYTHING,
  query: HistoryQuery = {},
  inForce = DEFAULT_LIMITS,
): Promise<number[][]> {
  const pages: number[][] = []
  let rest = query
  for (;;) {
    const { messages, more } = await backend.history(channel, rest, inForce, limit)
    pages.push(messages.map(({ offset }) => offset as number))
    const last = messages.at(-1)
    if (!more) return pages
    if (!last) throw new Error('a page without a message tells of more')
    const since: Position = { epoch: last.epoch as string, offset: last.offset as number }
    rest = { ...query, since }
  }
}

export const historyPages: Topic<Scene> = {
  name: 'pages of history',
  cases: [
    {
      title: 'B5 history pages begin with the oldest and go on with since, without hole or overlap',
      async run({ name, pair, expect }) {
        const channel = name('chat')
        const [writer, { backend }] = await pair()
        await writer.fill(channel, 10, limits(6))
        expect(await walk(backend, channel, atMost(4))).toEqual([upTo(8, 5), [9, 10]])
        expect(await walk(backend, channel, atMost(1))).toEqual(upTo(10, 5).map((n) => [n]))
        // All of it in one page is not "more", however exactly it fits.
        for (const count of [6, 7, Infinity]) {
          expect(await walk(backend, channel, atMost(count))).toEqual([upTo(10, 5)])
        }
        const nothing = { messages: [], more: false }
        for (const [unknown, size] of [
          [name('unknown'), 5],
          [channel, 0],
        ] as const) {
          expect(await backend.history(unknown, {}, limits(size), atMost(1))).toEqual(nothing)
        }
      },
    },
    {
      title: 'B5 history pages keep to what limit, since and before select',
      async run({ name, process, expect }) {
        const channel = name('chat')
        const one = await process()
        await one.fill(channel, 10)
        const { epoch } = (await one.backend.read(channel, START, atMost(1))).top
        const at = (offset: number) => ({ epoch, offset })
        const expectations: readonly (readonly [HistoryQuery, readonly number[][]])[] = [
          [{ limit: 3 }, [[8, 9], [10]]],
          [{ limit: 0 }, [[]]],
          [
            { since: at(6) },
            [
              [7, 8],
              [9, 10],
            ],
          ],
          [{ since: at(10) }, [[]]],
          [{ before: at(4) }, [[1, 2], [3]]],
          [{ before: at(1) }, [[]]],
          [{ before: at(9), limit: 3 }, [[6, 7], [8]]],
          [{ since: at(2), before: at(6) }, [[3, 4], [5]]],
        ]
        for (const [query, expected] of expectations) {
          const found = await walk(one.backend, channel, atMost(2), query)
          expect([query, found]).toEqual([query, expected])
        }
      },
    },
    {
      title:
        'B5 a history page ends with the message that reaches its bytes; a larger one comes alone',
      async run({ name, process, expect }) {
        const channel = name('chat')
        const one = await process()
        for (const size of [100, 100, 100, 50_000, 50_000, 10]) {
          await one.append(channel, null, { body: bodyOf(size) })
        }
        const { backend } = one
        const alone = upTo(6).map((offset) => [offset])
        expect(await walk(backend, channel, atMost(100, 1))).toEqual(alone)
        const halves = [[1, 2], [3, 4], [5], [6]]
        // A part of somebody's bound need not be whole.
        for (const bytes of [199.5, 200]) {
          expect(await walk(backend, channel, atMost(100, bytes))).toEqual(halves)
        }
        expect(await walk(backend, channel, atMost(2, 1_000_000))).toEqual([
          [1, 2],
          [3, 4],
          [5, 6],
        ])
        expect(await walk(backend, channel, EVERYTHING)).toEqual([upTo(6)])
      },
    },
    {
      title: 'B5 what an age limit hides takes no place in a history page and is not more',
      async run({ name, process, expect }) {
        const one = await process()
        const hour = limits(100, 3_600_000)
        const now = Date.now() / 1000
        const fill = async (channel: string, ages: readonly number[]) => {
          for (const age of ages) {
            const body = bodyOf(age > 0 ? 5_000 : 10)
            await one.append(channel, null, { body, timestamp: now - age, limits: hour })
          }
        }
        const mixed = name('mixed')
        // The young ones are 21, 23 and 44; many old ones before, between and after them.
        const old = (count: number) => Array.from({ length: count }, () => 7_200)
        await fill(mixed, [...old(20), 0, 7_200, 0, ...old(20), 0, ...old(20)])
        const walkIn = (channel: string, limit = EVERYTHING) =>
          walk(one.backend, channel, limit, {}, hour)
        expect(await walkIn(mixed, atMost(1))).toEqual([[21], [23], [44]])
        expect(await walkIn(mixed, atMost(2))).toEqual([[21, 23], [44]])
        expect(await walkIn(mixed, atMost(100, 15))).toEqual([[21, 23], [44]])
        expect(await walkIn(mixed)).toEqual([[21, 23, 44]])
        const hidden = name('hidden')
        await fill(hidden, old(5))
        for (const limit of [atMost(1), atMost(100, 1), EVERYTHING]) {
          expect(await walkIn(hidden, limit)).toEqual([[]])
        }
      },
    },
    {
      title: 'B5 history pages hide what was cleared or is below the floor',
      async run({ name, process, expect }) {
        const channel = name('chat')
        const one = await process()
        await one.fill(channel, 5)
        await one.backend.clear(channel)
        expect(await walk(one.backend, channel, atMost(2))).toEqual([[]])
        await one.fill(channel, 3)
        expect(await walk(one.backend, channel, atMost(2))).toEqual([[6, 7], [8]])
      },
    },
  ],
}
