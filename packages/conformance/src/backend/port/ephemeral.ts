// B6: messages that leave no trace.

import { START } from '@chan/core/backend'
import type { Topic } from '../../cases.js'
import { turns, until } from '../../until.js'
import { atMost, upTo } from '../entry.js'
import type { Scene } from '../scene.js'

export const ephemeral: Topic<Scene> = {
  name: 'ephemeral messages',
  cases: [
    {
      title: 'B6 an ephemeral message takes no offset, is not stored, and reaches who watches',
      async run({ name, pair, expect }) {
        const channel = name('chat')
        const [one, other] = await pair()
        const followers = [await one.follow(channel), await other.follow(channel)]
        await one.append(channel, 1)
        const typing = await one.append(channel, 'typing', { ephemeral: true, sender: 'alice' })
        await one.append(channel, 2)
        expect([typing.offset, typing.epoch, typing.id]).toEqual([undefined, undefined, undefined])
        expect([typing.channel, typing.data, typing.sender]).toEqual([channel, 'typing', 'alice'])
        for (const follower of followers) {
          await follower.count(2)
          await until('the ephemeral message', () => follower.ephemerals.length > 0)
          expect(follower.offsets).toEqual([1, 2])
          expect(follower.ephemerals.map((message) => message.toJson())).toEqual([typing.toJson()])
        }
        expect(await one.history(channel)).toEqual([1, 2])
        expect((await one.backend.read(channel, START, atMost(10))).messages.length).toBe(2)
      },
    },
    {
      title: 'B6 ephemeral messages of one publisher come in order, each at most once',
      async run({ name, pair, expect }) {
        const channel = name('chat')
        const [one, other] = await pair()
        const follower = await other.follow(channel)
        await Promise.all(upTo(100).map((n) => one.append(channel, n, { ephemeral: true })))
        await until('the last one', () => follower.ephemerals.at(-1)?.data === 100)
        await turns()
        const seen = follower.ephemerals.map((message) => message.data as number)
        expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b))
      },
    },
    {
      title: 'B6 who watches later does not get it',
      async run({ name, pair, expect }) {
        const channel = name('chat')
        const [one, other] = await pair()
        const marks = await other.follow(name('marks'))
        await one.append(channel, 'early', { ephemeral: true })
        // One publisher's come in order: when the mark is there, the early one has passed.
        await one.append(name('marks'), 'mark', { ephemeral: true })
        await until('the mark', () => marks.ephemerals.length > 0)
        const follower = await other.follow(channel)
        expect(follower.position).toEqual(START)
        await one.append(channel, 'stored')
        await follower.count(1)
        expect(follower.ephemerals).toEqual([])
      },
    },
  ],
}
