// onPresence: everybody first, then every change.

import type { Channel, PresenceEvent, PresenceRecord } from '@chan/core'
import type { Topic } from '../../cases.js'
import { turns, until } from '../../until.js'
import { upTo } from '../entry.js'
import type { Scene } from '../scene.js'
import { collect } from './collect.js'

/** Events as words: `sync:alice+bob`, `join:alice`, `leave:alice:left`. */
async function listen(channel: Channel, signal?: AbortSignal) {
  const events: PresenceEvent[] = []
  const words = () => events.map((event) => describe(event))
  const { unsubscribe } = await channel.onPresence((event) => events.push(event), { signal })
  return {
    events,
    words,
    unsubscribe,
    async hears(...expected: readonly string[]) {
      await until(
        () => `${expected.join()} (heard ${words().join()})`,
        () => words().join() === expected.join(),
      )
    },
  }
}

function describe(event: PresenceEvent): string {
  if (event.type === 'sync') return `sync:${event.members.map(({ userId }) => userId).join('+')}`
  if (event.type === 'leave') return `leave:${event.member.userId}:${event.reason}`
  return `${event.type}:${event.member.userId}`
}

function thrownBy(task: () => unknown): unknown {
  try {
    task()
  } catch (error) {
    return error
  }
}

export const presenceEvents: Topic<Scene> = {
  name: 'layer: presence events',
  cases: [
    {
      title: 'sync comes first and before onPresence resolves, then join, update and leave',
      async run({ name, layers, expect }) {
        const [one, other] = await layers()
        const chat = one.channel(name('chat'))
        await chat.join('alice', { mood: 'fine' })
        const [here, there] = [await listen(chat), await listen(other.channel(name('chat')))]
        expect(here.words()).toEqual(['sync:alice'])
        expect(there.words()).toEqual(['sync:alice'])
        await chat.join('bob')
        await chat.join('alice', { mood: 'tired' })
        await other.channel(name('chat')).leave('alice')
        await one.channel(name('chat')).clearPresence()
        const story = [
          'sync:alice',
          'join:bob',
          'update:alice',
          'leave:alice:left',
          'leave:bob:cleared',
        ]
        for (const each of [here, there]) {
          await each.hears(...story)
          const [sync, , update, leave] = each.events
          expect(sync?.type === 'sync' && sync.members[0]?.mood).toBe('fine')
          expect(update?.type === 'update' && update.member.mood).toBe('tired')
          expect(leave?.type === 'leave' && leave.member.mood).toBe('tired')
        }
      },
    },
    {
      title: 'what one listener does to the records it is given is seen by nobody else',
      async run({ name, layers, expect }) {
        const [one, other] = await layers()
        const chat = one.channel(name('chat'))
        const attempts: unknown[] = []
        const spoil = (record: PresenceRecord | undefined) => {
          const { tags, at } = record as unknown as { tags: string[]; at: { x: number } }
          const spoiling = [
            () => tags.push('spoilt'),
            () => Object.assign(at, { x: 2 }),
            () => Object.assign(record ?? {}, { userId: 'mallory' }),
          ]
          for (const spoil of spoiling) attempts.push(thrownBy(spoil))
        }
        const metadata = { tags: ['admin'], at: { x: 1 } }
        const word = (record: PresenceRecord | undefined) =>
          JSON.stringify([record?.userId, record?.tags, record?.at])
        await chat.onPresence((event) => {
          if (event.type === 'sync') for (const member of event.members) spoil(member)
          else spoil(event.member)
        })
        const next = await listen(chat)
        const there = await listen(other.channel(name('chat')))
        spoil(await chat.join('alice', metadata))
        await next.hears('sync:', 'join:alice')
        await there.hears('sync:', 'join:alice')
        const later = await listen(chat)
        const [listed] = await chat.presence()
        const seen = [...next.events, ...there.events, ...later.events].flatMap((event) =>
          event.type === 'sync' ? event.members : event.member,
        )
        const right = '["alice",["admin"],{"x":1}]'
        expect([listed, ...seen].map(word)).toEqual([right, right, right, right])
        spoil(listed)
        await chat.leave('alice')
        await next.hears('sync:', 'join:alice', 'leave:alice:left')
        const gone = next.events.at(-1)
        expect(gone?.type === 'leave' && word(gone.member)).toBe(right)
        expect(attempts.length).toBe(12)
        expect(attempts.every((error) => error instanceof TypeError)).toBe(true)
      },
    },
    {
      title: 'a second tab is no join and its end no leave',
      async run({ name, layers, expect }) {
        const [one, other] = await layers()
        const watcher = await listen(other.channel(name('chat')))
        const tab = () =>
          one.channel(name('chat')).subscribe(() => {}, { userId: 'alice', joinPresence: true })
        const [first, second] = [await tab(), await tab()]
        await first.unsubscribe()
        await one.channel(name('chat')).join('bob')
        await watcher.hears('sync:', 'join:alice', 'join:bob')
        await second.unsubscribe()
        await watcher.hears('sync:', 'join:alice', 'join:bob', 'leave:alice:left')
        expect(watcher.events.length).toBe(4)
      },
    },
    {
      title:
        'leaving with a process: disconnected if it closed, timed out if it crashed, once each',
      async run({ name, layers, layer, crash, expect }) {
        const [closing, crashing] = await layers()
        const staying = await layer()
        const watcher = await listen(staying.channel(name('chat')))
        await closing.channel(name('chat')).join('carol')
        await crashing.channel(name('chat')).join('dave')
        await crashing.channel(name('chat')).join('both')
        await staying.channel(name('chat')).join('both')
        await closing.disconnect()
        await crash(crashing)
        await until(
          'both leaves',
          () => watcher.words().filter((w) => w.startsWith('leave')).length === 2,
        )
        await turns()
        expect(watcher.words().sort()).toEqual([
          'join:both',
          'join:carol',
          'join:dave',
          'leave:carol:disconnected',
          'leave:dave:timed-out',
          'sync:',
        ])
      },
    },
    {
      title: 'listeners come and go; a failing one hurts nobody; an aborted signal ends one',
      async run({ name, layer, reported, expect }) {
        const chat = (await layer()).channel(name('chat'))
        await chat.onPresence(() => {
          throw new Error('listener')
        })
        await chat.onPresence(async () => {
          throw new Error('async listener')
        })
        const controller = new AbortController()
        const aborted = await listen(chat, controller.signal)
        const ended = await listen(chat)
        const stays = await listen(chat)
        await chat.join('alice')
        await stays.hears('sync:', 'join:alice')
        controller.abort()
        await ended.unsubscribe()
        await ended.unsubscribe()
        await chat.join('bob')
        await stays.hears('sync:', 'join:alice', 'join:bob')
        expect(aborted.words()).toEqual(['sync:', 'join:alice'])
        expect(ended.words()).toEqual(['sync:', 'join:alice'])
        await until('reports', () => reported.length === 6)
        expect(new Set(reported.map(({ channel }) => channel))).toEqual(new Set([chat.name]))
        const late = await listen(chat)
        expect(late.words()).toEqual(['sync:alice+bob'])
      },
    },
    {
      title:
        'ended in the middle of a clearing, by itself or an earlier one, a listener hears no more',
      async run({ name, layer, expect }) {
        const chat = (await layer()).channel(name('chat'))
        for (const user of ['alice', 'bob', 'carol']) await chat.join(user)
        const heard: string[] = []
        const later: Awaited<ReturnType<typeof listen>>[] = []
        const own = await chat.onPresence((event) => {
          heard.push(describe(event))
          if (event.type !== 'leave') return
          for (const each of [own, ...later]) void each.unsubscribe()
        })
        later.push(await listen(chat))
        const stays = await listen(chat)
        await chat.clearPresence()
        const leaves = ['alice', 'bob', 'carol'].map((user) => `leave:${user}:cleared`)
        await stays.hears('sync:alice+bob+carol', ...leaves)
        expect(heard).toEqual(['sync:alice+bob+carol', 'leave:alice:cleared'])
        expect(later[0]?.words()).toEqual(['sync:alice+bob+carol'])
      },
    },
    {
      title: 'listening that is aborted before it began tells nothing and gives its reason',
      async run({ name, faultyLayer, expect }) {
        const { layer, faulty } = await faultyLayer()
        const chat = layer.channel(name('chat'))
        await layer.connect()
        const controller = new AbortController()
        const { signal } = controller
        const events: string[] = []
        faulty.slow('list')
        const note = (event: PresenceEvent) => void events.push(describe(event))
        const [aborted, stays] = [chat.onPresence(note, { signal }), listen(chat)]
        const refused = aborted.then(
          () => 'listens',
          (reason) => reason,
        )
        await turns(2)
        controller.abort('enough')
        expect(await refused).toBe('enough')
        const { hears } = await stays
        await chat.join('alice')
        await hears('sync:', 'join:alice')
        expect(events).toEqual([])
      },
    },
    {
      title: 'after the last listener left, a new one gets a true sync',
      async run({ name, layers, expect }) {
        const [one, other] = await layers()
        const first = await listen(one.channel(name('chat')))
        await other.channel(name('chat')).join('alice')
        await first.hears('sync:', 'join:alice')
        await first.unsubscribe()
        await other.channel(name('chat')).leave('alice')
        await other.channel(name('chat')).join('bob')
        const second = await listen(one.channel(name('chat')))
        expect(second.words()).toEqual(['sync:bob'])
        await other.channel(name('chat')).leave('bob')
        await second.hears('sync:bob', 'leave:bob:left')
      },
    },
    {
      title: 'listening is no subscription: it is not counted and gets no messages',
      async run({ name, layer, expect }) {
        const chat = (await layer()).channel(name('chat'))
        const watcher = await listen(chat)
        expect(chat.localSubscriberCount).toBe(0)
        const seen = await collect(chat)
        expect(chat.localSubscriberCount).toBe(1)
        await chat.publish(1)
        await seen.count(1)
        await watcher.unsubscribe()
        await chat.publish(2)
        expect(await seen.count(2)).toEqual([1, 2])
        // A gap in the messages may bring another sync, but nobody joined.
        expect(new Set(watcher.words())).toEqual(new Set(['sync:']))
      },
    },
    {
      title: 'a crowd joins and leaves while listeners begin: each ends with the truth',
      async run({ name, layers, expect }) {
        const [one, other] = await layers()
        const watchers: Awaited<ReturnType<typeof listen>>[] = []
        const crowd = upTo(60).map(async (n) => {
          await other.channel(name('chat')).join(`user-${n % 20}`, { n })
          if (n % 3 === 0) await one.channel(name('chat')).leave(`user-${n % 20}`)
          if (n % 10 === 0) watchers.push(await listen(one.channel(name('chat'))))
        })
        await Promise.all(crowd)
        const present = async () => {
          const members = await one.channel(name('chat')).presence()
          return members.map(({ userId, n }) => `${userId} ${n}`).sort()
        }
        for (const watcher of watchers) {
          const folded = () => {
            const members = new Map<string, string>()
            for (const event of watcher.events) {
              if (event.type === 'sync') members.clear()
              const changed = event.type === 'sync' ? event.members : [event.member]
              for (const { userId, n } of changed) {
                if (event.type === 'leave') members.delete(userId)
                else members.set(userId, `${userId} ${n}`)
              }
            }
            return [...members.values()].sort().join()
          }
          await until('the truth', async () => folded() === (await present()).join())
        }
        expect(watchers.length).toBe(6)
      },
    },
  ],
}
