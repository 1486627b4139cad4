// B5: reading the log from a position, and what cannot be continued from.

import { START } from '@chan/core/backend'
import type { Topic } from '../../cases.js'
import { atMost, limits, upTo } from '../entry.js'
import type { Scene } from '../scene.js'

export const reading: Topic<Scene> = {
  name: 'reading',
  cases: [
    {
      title: 'B5 a channel nobody published to is at START and continues from nowhere else',
      async run({ name, process, expect }) {
        const channel = name('chat')
        const { backend } = await process()
        expect(await backend.read(channel, START, atMost(10))).toEqual({
          messages: [],
          top: START,
          truncated: false,
          floor: 0,
        })
        const elsewhere = await backend.read(channel, { epoch: 'e', offset: 3 }, atMost(10))
        expect(elsewhere).toEqual({ messages: [], top: START, truncated: true, floor: 0 })
      },
    },
    {
      title: 'B5 pages follow each other without hole or overlap, each with the current top',
      async run({ name, pair, expect }) {
        const channel = name('chat')
        const [writer, reader] = await pair()
        await writer.fill(channel, 25)
        let after = START
        const seen: unknown[] = []
        for (const expected of [10, 10, 5, 0]) {
          const page = await reader.backend.read(channel, after, atMost(10))
          expect(page.truncated).toBe(false)
          expect(page.top.offset).toBe(25)
          expect(page.messages.length).toBe(expected)
          for (const message of page.messages) {
            seen.push(message.data)
            after = { epoch: message.epoch as string, offset: message.offset as number }
          }
        }
        expect(seen).toEqual(upTo(25))
        expect(after).toEqual((await reader.backend.read(channel, after, atMost(1))).top)
      },
    },
    {
      title: 'B5 other epochs and offsets above the top are truncated, not errors',
      async run({ name, process, expect }) {
        const channel = name('chat')
        const one = await process()
        await one.fill(channel, 3)
        const { top } = await one.backend.read(channel, START, atMost(1))
        for (const position of [
          { epoch: 'another', offset: 1 },
          { epoch: 'another', offset: 0 },
          { epoch: top.epoch, offset: 4 },
        ]) {
          const page = await one.backend.read(channel, position, atMost(10))
          expect(page).toEqual({ messages: [], top, truncated: true, floor: 0 })
        }
        const atTop = await one.backend.read(channel, top, atMost(10))
        expect(atTop).toEqual({ messages: [], top, truncated: false, floor: 0 })
      },
    },
    {
      title: 'B5 the recovery tail does not depend on what history shows',
      async run({ name, process, expect }) {
        const channel = name('chat')
        const one = await process()
        await one.fill(channel, 30, limits(0))
        expect(await one.history(channel, {}, limits(0))).toEqual([])
        await one.backend.clear(channel)
        const page = await one.backend.read(channel, START, atMost(100))
        expect(page.truncated).toBe(false)
        expect(page.messages.map((message) => message.data)).toEqual(upTo(30))
      },
    },
    {
      title: 'B2 watching, reading, presence and groups leave a channel at START',
      async run({ name, process, expect }) {
        const channel = name('chat')
        const one = await process()
        expect(await one.backend.watch(channel)).toEqual(START)
        await one.history(channel, {}, limits(5))
        await one.put(channel, 'alice', 'hold')
        await one.backend.clear(channel)
        await one.backend.addMember(name('group'), channel, null)
        await one.append(channel, 'gone', { ephemeral: true })
        await one.backend.unwatch(channel)
        expect((await one.backend.read(channel, START, atMost(10))).top).toEqual(START)
        expect((await one.append(channel, 'first')).offset).toBe(1)
      },
    },
  ],
}
