// What history shows: exactly the most recent messages, under the limits in force.

import type { HistoryQuery } from '@chan/core/backend'
import { START } from '@chan/core/backend'
import type { Topic } from '../../cases.js'
import { atMost, DEFAULT_LIMITS, limits, upTo } from '../entry.js'
import type { Scene } from '../scene.js'

export const history: Topic<Scene> = {
  name: 'history',
  cases: [
    {
      title: 'B5 history shows exactly the most recent messages, oldest first, to every process',
      async run({ name, pair, expect }) {
        const channel = name('chat')
        const [one, other] = await pair()
        for (let n = 1; n <= 12; n++) {
          await one.append(channel, n, { limits: limits(5) })
          expect(await other.history(channel, {}, limits(5))).toEqual(upTo(n, Math.max(1, n - 4)))
        }
      },
    },
    {
      title: 'B5 limit takes the most recent; 0 gives none, too many gives all',
      async run({ name, process, expect }) {
        const channel = name('chat')
        const one = await process()
        await one.fill(channel, 10, limits(6))
        expect(await one.history(channel, { limit: 0 })).toEqual([])
        expect(await one.history(channel, { limit: 1 })).toEqual([10])
        expect(await one.history(channel, { limit: 6 })).toEqual(upTo(10, 5))
        expect(await one.history(channel, { limit: 1_000 })).toEqual(upTo(10, 5))
        expect(await one.history(name('unknown'), { limit: 5 })).toEqual([])
      },
    },
    {
      title: 'B5 since and before select a range; limit takes the most recent of it',
      async run({ name, process, expect }) {
        const channel = name('chat')
        const one = await process()
        await one.fill(channel, 10)
        const { epoch } = (await one.backend.read(channel, START, atMost(1))).top
        const at = (offset: number) => ({ epoch, offset })
        const foreign = { epoch: 'another', offset: 5 }
        const expectations: readonly (readonly [HistoryQuery, readonly number[]])[] = [
          [{ since: at(7) }, [8, 9, 10]],
          [{ since: at(10) }, []],
          [{ since: at(99) }, []],
          [{ since: at(0) }, upTo(10)],
          [{ since: START }, upTo(10)],
          [{ since: foreign }, upTo(10)],
          [{ before: at(4) }, [1, 2, 3]],
          [{ before: at(1) }, []],
          [{ before: at(99) }, upTo(10)],
          [{ before: foreign }, []],
          [{ before: at(9), limit: 3 }, [6, 7, 8]],
          [{ since: at(2), before: at(6) }, [3, 4, 5]],
          [{ since: at(2), before: at(6), limit: 2 }, [4, 5]],
          [{ since: at(6), before: at(4) }, []],
        ]
        for (const [query, expected] of expectations) {
          expect([query, await one.history(channel, query)]).toEqual([query, expected])
        }
      },
    },
    {
      title: 'B5 maxHistory 0 shows nothing, 1 the last message; neither changes delivery',
      async run({ name, process, expect }) {
        for (const size of [0, 1]) {
          const channel = name(`chat-${size}`)
          const one = await process()
          const follower = await one.follow(channel)
          await one.fill(channel, 5, limits(size))
          await follower.count(5)
          expect(follower.data).toEqual(upTo(5))
          expect(await one.history(channel, {}, limits(size))).toEqual(upTo(5, 6 - size))
        }
      },
    },
    {
      title: 'B5 a lower limit hides at once; a higher one does not bring back what was hidden',
      async run({ name, process, expect }) {
        const channel = name('chat')
        const one = await process()
        await one.fill(channel, 10, limits(8))
        expect(await one.history(channel, {}, limits(3))).toEqual([8, 9, 10])
        expect(await one.history(channel, {}, limits(8))).toEqual([8, 9, 10])
        await one.append(channel, 11, { limits: limits(8) })
        expect(await one.history(channel, {}, limits(8))).toEqual([8, 9, 10, 11])
        await one.append(channel, 12, { limits: limits(2) })
        await one.append(channel, 13, { limits: limits(20) })
        expect(await one.history(channel, {}, limits(20))).toEqual([11, 12, 13])
      },
    },
    {
      title: 'B5 named limits win over defaults, and the last named ones hold for every process',
      async run({ name, pair, expect }) {
        const channel = name('chat')
        const [one, other] = await pair()
        await one.fill(channel, 10, limits(4))
        expect(await other.history(channel, {}, DEFAULT_LIMITS)).toEqual(upTo(10, 7))
        await other.append(channel, 11, { limits: DEFAULT_LIMITS })
        expect(await one.history(channel, {}, DEFAULT_LIMITS)).toEqual(upTo(11, 8))
        await other.append(channel, 12, { limits: limits(2) })
        expect(await one.history(channel, {}, DEFAULT_LIMITS)).toEqual([11, 12])
      },
    },
    {
      title: 'B5 where nobody named limits, each process shows the window of its own default',
      async run({ name, pair, expect }) {
        const channel = name('chat')
        const [one, other] = await pair()
        const narrow = { ...DEFAULT_LIMITS, maxHistory: 2 }
        const wide = { ...DEFAULT_LIMITS, maxHistory: 5 }
        for (const n of upTo(8)) {
          const limits = n % 2 ? narrow : wide
          await (n % 2 ? one : other).append(channel, n, { limits })
        }
        expect(await one.history(channel, {}, narrow)).toEqual([7, 8])
        expect(await other.history(channel, {}, wide)).toEqual(upTo(8, 4))
        expect(await one.history(channel, { limit: 1 }, narrow)).toEqual([8])
      },
    },
    {
      title: 'B5 named limits replace the defaults that a channel began with',
      async run({ name, process, expect }) {
        const channel = name('chat')
        const one = await process()
        await one.fill(channel, 6)
        expect(await one.history(channel)).toEqual(upTo(6))
        await one.append(channel, 7, { limits: limits(2) })
        expect(await one.history(channel)).toEqual([6, 7])
        expect(await one.history(channel, {}, limits(50))).toEqual([6, 7])
      },
    },
    {
      title: 'B5 an age limit hides what is older',
      async run({ name, process, expect }) {
        const channel = name('chat')
        const one = await process()
        const hour = limits(100, 3_600_000)
        const now = Date.now() / 1000
        for (const age of [7_200, 3_700, 3_500, 0]) {
          await one.append(channel, age, { timestamp: now - age, limits: hour })
        }
        expect(await one.history(channel, {}, hour)).toEqual([3_500, 0])
        expect(await one.history(channel, { limit: 1 }, hour)).toEqual([0])
        expect((await one.backend.read(channel, START, atMost(10))).messages.length).toBe(4)
      },
    },
    {
      title: 'B5 an age limit hides while it is in force: a longer one shows older messages again',
      async run({ name, process, expect }) {
        const channel = name('chat')
        const one = await process()
        const [hour, day] = [limits(3, 3_600_000), limits(3, 86_400_000)]
        const now = Date.now() / 1000
        for (const age of [7_300, 7_200, 3_700, 0]) {
          await one.append(channel, age, { timestamp: now - age, limits: hour })
        }
        expect(await one.history(channel, {}, hour)).toEqual([0])
        // What maxHistory has hidden stays hidden.
        expect(await one.history(channel, {}, day)).toEqual([7_200, 3_700, 0])
        expect(await one.history(channel, {}, hour)).toEqual([0])
        await one.append(channel, 'next', { limits: limits(3) })
        expect(await one.history(channel, {}, limits(3))).toEqual([3_700, 0, 'next'])
      },
    },
    {
      title: 'B2 clear hides what is stored and keeps epoch, top and the recovery tail',
      async run({ name, pair, expect }) {
        const channel = name('chat')
        const [one, other] = await pair()
        await one.fill(channel, 5)
        const before = (await one.backend.read(channel, START, atMost(1))).top
        await other.backend.clear(channel)
        expect(await one.history(channel)).toEqual([])
        const page = await one.backend.read(channel, { epoch: before.epoch, offset: 2 }, atMost(10))
        expect(page.top).toEqual(before)
        expect(page.messages.map((message) => message.data)).toEqual([3, 4, 5])
        const next = await one.append(channel, 6)
        expect([next.epoch, next.offset]).toEqual([before.epoch, 6])
        expect(await other.history(channel)).toEqual([6])
        await one.backend.clear(name('unknown'))
      },
    },
  ],
}
