// B5: the floor, which tells what history hides for good and hides nothing from recovery.

import type { HistoryLimits } from '@chan/core/backend'
import { START } from '@chan/core/backend'
import type { Topic } from '../../cases.js'
import { atMost, DEFAULT_LIMITS, EVERYTHING, limits, upTo } from '../entry.js'
import type { Process } from '../process.js'
import type { Scene } from '../scene.js'

const floorOf = async ({ backend }: Process, channel: string) =>
  (await backend.read(channel, START, atMost(1))).floor

export const floor: Topic<Scene> = {
  name: 'the floor',
  cases: [
    {
      title: 'B5 the floor is where clear was, and recovery reaches below it',
      async run({ name, pair, expect }) {
        const channel = name('chat')
        const [one, other] = await pair()
        await one.fill(channel, 5)
        expect(await floorOf(other, channel)).toBe(0)
        await one.backend.clear(channel)
        expect(await floorOf(other, channel)).toBe(5)
        await one.append(channel, 6)
        expect(await floorOf(one, channel)).toBe(5)
        const page = await other.backend.read(channel, START, EVERYTHING)
        expect(page.messages.map(({ data }) => data)).toEqual(upTo(6))
        // Also from a position below it, and at the top, where there is nothing to tell.
        const { epoch } = page.top
        for (const offset of [3, 6]) {
          const rest = await other.backend.read(channel, { epoch, offset }, EVERYTHING)
          expect([rest.floor, rest.messages.length]).toEqual([5, 6 - offset])
        }
        await other.backend.clear(channel)
        expect(await floorOf(one, channel)).toBe(6)
      },
    },
    {
      title: 'B5 the floor comes with a truncated page, too',
      async run({ name, process, expect }) {
        const channel = name('chat')
        const one = await process()
        await one.fill(channel, 4)
        await one.backend.clear(channel)
        await one.append(channel, 5)
        const { top } = await one.backend.read(channel, START, atMost(1))
        for (const position of [
          { epoch: 'another', offset: 1 },
          { epoch: top.epoch, offset: 99 },
        ]) {
          const page = await one.backend.read(channel, position, atMost(10))
          expect(page).toEqual({ messages: [], top, truncated: true, floor: 4 })
        }
      },
    },
    {
      title: 'B5 the floor is what an earlier, lower limit has hidden, and stays when it is raised',
      async run({ name, pair, expect }) {
        const channel = name('chat')
        const [one, other] = await pair()
        await one.fill(channel, 10, limits(8))
        await one.history(channel, {}, limits(3))
        await one.history(channel, {}, limits(8))
        expect(await floorOf(other, channel)).toBe(7)
        await other.append(channel, 11, { limits: limits(8) })
        expect(await floorOf(one, channel)).toBe(7)
        await other.append(channel, 12, { limits: limits(1) })
        await other.append(channel, 13, { limits: limits(20) })
        expect(await floorOf(one, channel)).toBe(11)
        expect(await one.history(channel, {}, limits(20))).toEqual([12, 13])
        const { messages } = await one.backend.read(channel, START, EVERYTHING)
        expect(messages.map(({ data }) => data)).toEqual(upTo(13))
      },
    },
    {
      title: 'B5 defaults and a limit that nobody changed leave the floor where it is',
      async run({ name, process, expect }) {
        const one = await process()
        const defaults = (maxHistory: number): HistoryLimits => ({ ...DEFAULT_LIMITS, maxHistory })
        const byDefault = name('default')
        for (const n of upTo(10)) {
          await one.append(byDefault, n, { limits: defaults(1 + (n % 3)) })
          await one.history(byDefault, {}, defaults(1))
          await one.history(byDefault, {}, defaults(n))
        }
        expect(await floorOf(one, byDefault)).toBe(0)
        for (const size of [0, 2]) {
          const named = name(`named-${size}`)
          await one.fill(named, 10, limits(size))
          await one.history(named, {}, DEFAULT_LIMITS)
          expect(await floorOf(one, named)).toBe(0)
        }
      },
    },
  ],
}
