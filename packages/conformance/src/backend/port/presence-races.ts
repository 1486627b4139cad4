// B7 and B8 where processes act at the same moment, or die.

import type { Topic } from '../../cases.js'
import { until } from '../../until.js'
import { upTo } from '../entry.js'
import type { Process } from '../process.js'
import type { Scene } from '../scene.js'

/** How many of the answers are true. */
async function trues(answers: readonly Promise<boolean>[]): Promise<number> {
  return (await Promise.all(answers)).filter(Boolean).length
}

const put = async (process: Process, channel: string, user: string, hold: string) =>
  (await process.put(channel, user, hold)).first
const remove = async (process: Process, channel: string, user: string, hold: string | null) =>
  (await process.backend.remove(channel, user, hold, 'left')).last

export const presenceRaces: Topic<Scene> = {
  name: 'presence under concurrency',
  cases: [
    {
      title:
        'B7 of simultaneous first holds one is first, of simultaneous last removals one is last',
      async run({ name, pair, rounds, expect }) {
        const channel = name('chat')
        const [one, other] = await pair()
        const { members } = await other.follow(channel)
        for (let round = 0; round < rounds; round++) {
          const firsts = [put(one, channel, 'alice', 'h'), put(other, channel, 'alice', 'h')]
          expect(await trues(firsts)).toBe(1)
          const lasts = [remove(one, channel, 'alice', 'h'), remove(other, channel, 'alice', 'h')]
          expect(await trues(lasts)).toBe(1)
        }
        const story = upTo(rounds).flatMap(() => ['join', 'leave:left'])
        await until('the whole story', () => members.story('alice').length >= story.length)
        expect(members.story('alice')).toEqual(story)
      },
    },
    {
      title: 'B7 one departure is announced to one of many callers, also without naming holds',
      async run({ name, processes, rounds, expect }) {
        const channel = name('chat')
        const all = await processes(3)
        for (let round = 0; round < Math.min(rounds, 100); round++) {
          await Promise.all(all.map((process) => put(process, channel, 'bob', 'h')))
          const lasts = all.flatMap((process) => [
            remove(process, channel, 'bob', 'h'),
            remove(process, channel, 'bob', null),
          ])
          expect(await trues(lasts)).toBe(1)
        }
        expect(await all[0]?.userIds(channel)).toEqual([])
      },
    },
    {
      title: 'B7 joins and removals at random end as the holds say, and the changes tell it',
      async run({ name, processes, expect }) {
        const channel = name('chat')
        const all = await processes(3)
        const watcher = await all[0]?.follow(channel)
        const users = ['a', 'b', 'c', 'd']
        await Promise.all(
          all.map(async (process, at) => {
            for (let round = 0; round < 60; round++) {
              const user = users[(round * (at + 1)) % users.length] as string
              await put(process, channel, user, `${round % 3}`)
              await remove(process, channel, user, `${(round + 1) % 3}`)
            }
            // In the end each process holds the user of its own number, and nobody else.
            for (const user of users) {
              for (const hold of ['0', '1', '2']) await remove(process, channel, user, hold)
            }
            await put(process, channel, users[at] as string, 'end')
          }),
        )
        expect((await all[1]?.userIds(channel))?.sort()).toEqual(['a', 'b', 'c'])
        await until('the watcher to agree', () => watcher?.members.userIds.join() === 'a,b,c')
        for (const user of users) {
          const story = watcher?.members.story(user).filter((line) => line !== 'update') ?? []
          for (const [at, line] of story.entries()) {
            expect(line.startsWith(at % 2 === 0 ? 'join' : 'leave')).toBe(true)
          }
        }
      },
    },
    {
      title: 'B8 users of a crashed process leave once, timed out; those held elsewhere stay',
      async run(scene) {
        const { name, processes, crash, expect } = scene
        const channels = [name('a'), name('b')]
        const [doomed, ...others] = await processes(3)
        if (!doomed) return
        const books = await Promise.all(
          others.flatMap((other) =>
            channels.map(async (channel) => (await other.follow(channel)).members),
          ),
        )
        const users = upTo(40).map((n) => `user-${n}`)
        for (const channel of channels) {
          await Promise.all(users.map((user) => put(doomed, channel, user, 'h')))
          await put(doomed, channel, 'both', 'h')
          await put(others[0] as Process, channel, 'both', 'h')
          await put(others[1] as Process, channel, 'elsewhere', 'h')
        }
        await crash(doomed)
        for (const book of books) {
          await until('the departures', () => book.userIds.length === 2)
          expect(book.userIds).toEqual(['both', 'elsewhere'])
          for (const user of users) expect(book.story(user).at(-1)).toBe('leave:timed-out')
          const leaves = book.notes.filter((note) => note.type === 'leave')
          expect(leaves.length).toBe(users.length)
        }
        for (const channel of channels) {
          expect((await others[0]?.userIds(channel))?.sort()).toEqual(['both', 'elsewhere'])
        }
        expect(await remove(others[0] as Process, channels[0] as string, 'both', 'h')).toBe(true)
      },
    },
    {
      title: 'B8 users of a process that closes leave at once, disconnected',
      async run({ name, pair, expect }) {
        const channel = name('chat')
        const [leaving, staying] = await pair()
        const { members } = await staying.follow(channel)
        await put(leaving, channel, 'alice', 'h')
        await put(leaving, channel, 'bob', 'h')
        await put(staying, channel, 'bob', 'h')
        await leaving.backend.close()
        await members.hears('alice', 'join', 'leave:disconnected')
        expect(await staying.userIds(channel)).toEqual(['bob'])
        expect(members.story('bob')).toEqual(['join'])
      },
    },
  ],
}
