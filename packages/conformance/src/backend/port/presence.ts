// Holds, users and versions of presence, without any race.

import type { Topic } from '../../cases.js'
import { until } from '../../until.js'
import { upTo } from '../entry.js'
import type { Scene } from '../scene.js'

export const presence: Topic<Scene> = {
  name: 'presence',
  cases: [
    {
      title: 'B7 a user comes with the first hold and leaves with the last, wherever they are',
      async run({ name, pair, expect }) {
        const channel = name('chat')
        const [one, other] = await pair()
        const { members } = await other.follow(channel)
        expect((await one.put(channel, 'alice', 'tab-1')).first).toBe(true)
        expect((await one.put(channel, 'alice', 'tab-2')).first).toBe(false)
        // The same id in another process is another hold.
        expect((await other.put(channel, 'alice', 'tab-1')).first).toBe(false)
        const release = (who: typeof one, hold: string) =>
          who.backend.remove(channel, 'alice', hold, 'disconnected')
        expect((await release(one, 'tab-1')).last).toBe(false)
        expect((await release(one, 'tab-1')).last).toBe(false)
        expect((await release(one, 'tab-2')).last).toBe(false)
        expect(await one.userIds(channel)).toEqual(['alice'])
        expect((await release(other, 'tab-1')).last).toBe(true)
        expect((await release(other, 'tab-1')).last).toBe(false)
        expect(await one.userIds(channel)).toEqual([])
        await members.hears('alice', 'join', 'leave:disconnected')
        expect(members.story('alice').length).toBe(2)
      },
    },
    {
      title: 'B7 the last metadata wins and joinedAt stays while the user is present',
      async run({ name, pair, expect }) {
        const channel = name('chat')
        const [one, other] = await pair()
        const { members } = await one.follow(channel)
        await one.put(channel, 'alice', 'tab-1', { mood: 'fine' }, 100)
        const again = await other.put(channel, 'alice', 'tab-1', { mood: 'tired' }, 200)
        expect(again).toEqual({
          first: false,
          entry: { userId: 'alice', joinedAt: 100, metadata: '{"mood":"tired"}' },
        })
        // The same hold once more: refreshed, not added.
        await other.put(channel, 'alice', 'tab-1', { mood: 'awake' }, 300)
        const { entries } = await one.backend.list(channel)
        expect(entries).toEqual([{ userId: 'alice', joinedAt: 100, metadata: '{"mood":"awake"}' }])
        await members.hears('alice', 'join', 'update', 'update')
        expect(members.metadata('alice')).toBe('{"mood":"awake"}')
        await one.backend.remove(channel, 'alice', 'tab-1', 'left')
        expect((await other.backend.remove(channel, 'alice', 'tab-1', 'left')).last).toBe(true)
        const back = await one.put(channel, 'alice', 'tab-1', {}, 400)
        expect([back.first, back.entry.joinedAt]).toEqual([true, 400])
      },
    },
    {
      title: 'B7 remove without a hold removes the user whoever holds it',
      async run({ name, pair, expect }) {
        const channel = name('chat')
        const [one, other] = await pair()
        const { members } = await one.follow(channel)
        await one.put(channel, 'alice', 'tab-1')
        await other.put(channel, 'alice', 'tab-2')
        const all = (userId: string) => other.backend.remove(channel, userId, null, 'left')
        expect((await all('alice')).last).toBe(true)
        expect((await all('alice')).last).toBe(false)
        expect((await all('nobody')).last).toBe(false)
        expect((await one.backend.remove(channel, 'alice', 'tab-1', 'left')).last).toBe(false)
        await members.hears('alice', 'join', 'leave:left')
        expect(members.story('alice').length).toBe(2)
      },
    },
    {
      title: 'B7 clearing lets everybody leave once; what was held before holds nothing after',
      async run({ name, pair, expect }) {
        const channel = name('chat')
        const [one, other] = await pair()
        const { members } = await other.follow(channel)
        for (const userId of ['alice', 'bob', 'carol']) await one.put(channel, userId, 'hold')
        await other.put(channel, 'alice', 'hold')
        await other.backend.clearPresence(channel)
        expect(await one.userIds(channel)).toEqual([])
        expect((await one.backend.remove(channel, 'alice', 'hold', 'left')).last).toBe(false)
        expect((await other.put(channel, 'alice', 'new')).first).toBe(true)
        expect((await one.backend.remove(channel, 'alice', 'hold', 'left')).last).toBe(false)
        expect(await one.userIds(channel)).toEqual(['alice'])
        await members.hears('alice', 'join', 'leave:cleared', 'join')
        await members.hears('bob', 'join', 'leave:cleared')
        await members.hears('carol', 'join', 'leave:cleared')
        await one.backend.clearPresence(name('unknown'))
      },
    },
    {
      title: 'B7 the list is in order of joining and its version is that of the last change',
      async run({ name, pair, expect }) {
        const channel = name('chat')
        const [one, other] = await pair()
        const { members } = await other.follow(channel)
        const users = ['zoe', 'adam', 'mia']
        for (const [at, user] of users.entries()) await one.put(channel, user, 'h', {}, at + 1)
        await one.put(channel, 'zoe', 'h', { again: true }, 99)
        await members.hears('zoe', 'join', 'update')
        expect(await other.userIds(channel)).toEqual(users)
        const before = (await one.backend.list(channel)).version
        await one.backend.remove(channel, 'adam', 'h', 'left')
        const list = await other.backend.list(channel)
        expect(list.version).toBeGreaterThan(before)
        expect(list.entries.map((present) => present.userId)).toEqual(['zoe', 'mia'])
        expect(await other.backend.list(name('unknown'))).toEqual({ version: 0, entries: [] })
      },
    },
    {
      title:
        'B8 versions of a watched channel only grow, also where everybody and their process left',
      async run({ name, process, expect }) {
        const channel = name('chat')
        const watcher = await process()
        const { members } = await watcher.follow(channel)
        const version = async () => (await watcher.backend.list(channel)).version
        let before = await version()
        const grew = async () => {
          const now = await version()
          expect(now).toBeGreaterThan(before)
          before = now
        }
        for (let round = 0; round < 3; round++) {
          const guest = await process()
          await guest.put(channel, 'alice', 'h')
          await grew()
          await guest.backend.close()
          await until('the departure', async () => (await watcher.userIds(channel)).length === 0)
          await grew()
        }
        const story = upTo(3).flatMap(() => ['join', 'leave:disconnected'])
        await members.hears('alice', ...story)
        expect(members.story('alice')).toEqual(story)
      },
    },
    {
      title: 'B9 user ids and metadata are opaque',
      async run({ name, pair, expect }) {
        const channel = name('chat')
        const [one, other] = await pair()
        const users = ['__proto__', 'constructor', 'toString', `O'Brien "x" \\ %`, '用户🔑', '1']
        const metadata = '{ "__proto__" : {"admin":true}, "n": 12345678901234567890 }'
        for (const [at, userId] of users.entries()) {
          const put = await one.backend.put(channel, 'h', { userId, joinedAt: at + 0.5, metadata })
          expect(put).toEqual({ first: true, entry: { userId, joinedAt: at + 0.5, metadata } })
        }
        const { entries } = await other.backend.list(channel)
        expect(entries).toEqual(
          users.map((userId, at) => ({ userId, joinedAt: at + 0.5, metadata })),
        )
        for (const userId of users) {
          expect((await one.backend.remove(channel, userId, 'h', 'left')).last).toBe(true)
        }
      },
    },
    {
      title: 'B7 a thousand users in one channel',
      async run({ name, pair, expect }) {
        const channel = name('chat')
        const [one, other] = await pair()
        const { members } = await other.follow(channel)
        const users = upTo(1_000).map((n) => `user-${n}`)
        await Promise.all(users.map((userId) => one.put(channel, userId, userId)))
        await until('everybody', () => members.userIds.length === 1_000)
        expect((await other.userIds(channel)).sort()).toEqual([...users].sort())
        await one.backend.clearPresence(channel)
        await until('nobody', () => members.userIds.length === 0)
        expect(members.notes.length).toBe(2_000)
      },
    },
  ],
}
