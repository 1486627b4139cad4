// Presence of a layer: users, their holds, their metadata.

import type { Topic } from '../../cases.js'
import { turns, until } from '../../until.js'
import { upTo } from '../entry.js'
import type { Scene } from '../scene.js'
import { refusal } from './collect.js'

export const presence: Topic<Scene> = {
  name: 'layer: presence',
  cases: [
    {
      title: 'join, presence and leave, seen by every process',
      async run({ name, layers, expect }) {
        const [one, other] = await layers()
        const [here, there] = [one.channel(name('chat')), other.channel(name('chat'))]
        const before = Date.now() / 1000
        const record = await here.join('alice', { name: 'Alice' })
        expect([record.userId, record.name]).toEqual(['alice', 'Alice'])
        expect(record.joinedAt >= before - 1 && record.joinedAt <= Date.now() / 1000 + 1).toBe(true)
        await there.join('bob')
        for (const chat of [here, there]) {
          expect((await chat.presence()).map((member) => member.userId)).toEqual(['alice', 'bob'])
          expect((await chat.presence())[0]).toEqual({ ...record })
          expect(await chat.presenceCount()).toBe(2)
        }
        await there.leave('alice')
        await there.leave('nobody')
        expect((await here.presence()).map((member) => member.userId)).toEqual(['bob'])
        expect(await one.channel(name('other')).presence()).toEqual([])
      },
    },
    {
      title: 'joining again keeps joinedAt and replaces the metadata as a whole',
      async run({ name, layers, expect }) {
        const [one, other] = await layers()
        const first = await one.channel(name('chat')).join('alice', { name: 'Alice', mood: 'fine' })
        await turns(5)
        const second = await other.channel(name('chat')).join('alice', { name: 'Alicia' })
        expect({ ...second }).toEqual({ userId: 'alice', joinedAt: first.joinedAt, name: 'Alicia' })
        expect(await one.channel(name('chat')).presence()).toEqual([{ ...second }])
        const third = await one.channel(name('chat')).join('alice')
        expect({ ...third }).toEqual({ userId: 'alice', joinedAt: first.joinedAt })
        expect(await other.channel(name('chat')).presenceCount()).toBe(1)
      },
    },
    {
      title: 'a bare join in two processes is two holds; leave removes them all',
      async run({ name, layers, expect }) {
        const [one, other] = await layers()
        const [here, there] = [one.channel(name('chat')), other.channel(name('chat'))]
        await here.join('alice')
        await there.join('alice')
        await here.leave('alice')
        expect(await there.presence()).toEqual([])
        await here.join('alice')
        await there.join('alice')
        await other.disconnect()
        expect(await here.presenceCount()).toBe(1)
      },
    },
    {
      title: 'metadata named userId, joinedAt or __proto__ does no harm',
      async run({ name, layers, expect }) {
        const [one, other] = await layers()
        const chat = one.channel(name('chat'))
        const metadata = JSON.parse(
          '{"userId":"admin","joinedAt":1,"__proto__":{"admin":true},"constructor":{"prototype":{"x":1}}}',
        )
        await chat.join('mallory', metadata)
        await chat.join('__proto__', { name: 'odd' })
        const members = await other.channel(name('chat')).presence()
        const [mallory, odd] = members
        expect(members.map((member) => member.userId)).toEqual(['mallory', '__proto__'])
        expect((mallory?.joinedAt ?? 0) > 1_000_000_000).toBe(true)
        expect(Object.getPrototypeOf(mallory) === Object.prototype).toBe(true)
        expect((mallory as { admin?: unknown } | undefined)?.admin).toBe(undefined)
        expect(odd?.name).toBe('odd')
        expect(({} as { x?: unknown; admin?: unknown }).x).toBe(undefined)
        expect(({} as { x?: unknown; admin?: unknown }).admin).toBe(undefined)
        await other.channel(name('chat')).leave('__proto__')
        expect(await chat.presenceCount()).toBe(1)
      },
    },
    {
      title: 'metadata is taken at the call, must be an object and at most 4 KiB',
      async run({ name, layer, expect }) {
        const chat = (await layer()).channel(name('chat'))
        const metadata = { mood: 'fine' }
        const joining = chat.join('alice', metadata)
        metadata.mood = 'changed'
        expect((await joining).mood).toBe('fine')
        for (const wrong of [5, 'text', [], () => {}]) {
          const code = await refusal(() => chat.join('bob', wrong as never))
          expect([String(wrong), code]).toEqual([String(wrong), 'invalid-payload'])
        }
        expect(await refusal(() => chat.join('bob', { n: 1n }))).toBe('invalid-payload')
        const text = (bytes: number) => ({ x: 'x'.repeat(bytes - '{"x":""}'.length) })
        expect(await refusal(() => chat.join('bob', text(4_096)))).toBe(null)
        expect(await refusal(() => chat.join('bob', text(4_097)))).toBe('payload-too-large')
        expect(await refusal(() => chat.join('bob', { x: 'é'.repeat(2_048) }))).toBe(
          'payload-too-large',
        )
      },
    },
    {
      title: 'calls about one user keep their order, awaited or not',
      async run({ name, layer, rounds, expect }) {
        const chat = (await layer()).channel(name('chat'))
        for (let round = 0; round < Math.min(rounds, 50); round++) {
          const calls = [
            chat.join('alice', { n: 1 }),
            chat.leave('alice'),
            chat.join('alice', { n: 2 }),
            chat.join('alice', { n: 3 }),
          ]
          await Promise.all(calls)
          expect((await chat.presence()).map((member) => member.n)).toEqual([3])
          await Promise.all([
            chat.leave('alice'),
            chat.join('alice', { n: 4 }),
            chat.leave('alice'),
          ])
          expect(await chat.presence()).toEqual([])
        }
      },
    },
    {
      title:
        'a subscription with joinPresence brings its user and takes it away; two are two holds',
      async run({ name, layers, expect }) {
        const [one, other] = await layers()
        const chat = one.channel(name('chat'))
        const join = { userId: 'alice', joinPresence: true, metadata: { tab: 1 } }
        const first = await chat.subscribe(() => {}, join)
        const second = await chat.subscribe(() => {}, { ...join, metadata: { tab: 2 } })
        const third = await other.channel(name('chat')).subscribe(() => {}, join)
        expect((await chat.presence()).map((member) => member.tab)).toEqual([1])
        await first.unsubscribe()
        await third.unsubscribe()
        expect(await chat.presenceCount()).toBe(1)
        await second.unsubscribe()
        expect(await chat.presence()).toEqual([])
        await chat.subscribe(() => {}, { userId: 'bob' })
        expect(await chat.presence()).toEqual([])
      },
    },
    {
      title: 'unsubscribing a user’s last subscription here ends its bare join here, too',
      async run({ name, layers, expect }) {
        const [one, other] = await layers()
        const chat = one.channel(name('chat'))
        const first = await chat.subscribe(() => {}, { userId: 'alice' })
        const second = await chat.subscribe(() => {}, { userId: 'alice' })
        await chat.subscribe(() => {}, { userId: 'bob' })
        await chat.join('alice')
        await first.unsubscribe()
        expect(await chat.presenceCount()).toBe(1)
        await second.unsubscribe()
        expect(await chat.presence()).toEqual([])
        const third = await chat.subscribe(() => {}, { userId: 'alice' })
        await chat.join('alice')
        await other.channel(name('chat')).join('alice')
        await third.unsubscribe()
        expect(await chat.presenceCount()).toBe(1)
      },
    },
    {
      title: 'an aborted signal takes away the presence that its subscription brought',
      async run({ name, layer, expect }) {
        const chat = (await layer()).channel(name('chat'))
        const controller = new AbortController()
        const { signal } = controller
        await chat.subscribe(() => {}, { userId: 'alice', joinPresence: true, signal })
        expect(await chat.presenceCount()).toBe(1)
        controller.abort()
        await until('alice to be gone', async () => (await chat.presenceCount()) === 0)
        const early = new AbortController()
        const pending = refusal(() =>
          chat.subscribe(() => {}, { userId: 'bob', joinPresence: true, signal: early.signal }),
        )
        await turns(1)
        early.abort()
        await pending
        await until('bob to be gone', async () => (await chat.presenceCount()) === 0)
        await turns()
        expect(await chat.presence()).toEqual([])
      },
    },
    {
      title: 'a refused joinPresence leaves no subscription behind',
      async run({ name, layer, expect }) {
        const chat = (await layer()).channel(name('chat'))
        const metadata = { x: 'x'.repeat(5_000) }
        const refused = refusal(() =>
          chat.subscribe(() => {}, { userId: 'alice', joinPresence: true, metadata }),
        )
        expect(await refused).toBe('payload-too-large')
        expect(chat.localSubscriberCount).toBe(0)
        expect(await chat.presence()).toEqual([])
      },
    },
    {
      title: 'after clearPresence what was held holds nothing, whatever is released later',
      async run({ name, layers, expect }) {
        const [one, other] = await layers()
        const chat = one.channel(name('chat'))
        const old = await chat.subscribe(() => {}, { userId: 'alice', joinPresence: true })
        await chat.join('bob')
        await other.channel(name('chat')).clearPresence()
        expect(await chat.presence()).toEqual([])
        const fresh = await chat.subscribe(() => {}, { userId: 'alice', joinPresence: true })
        await old.unsubscribe()
        expect((await chat.presence()).map((member) => member.userId)).toEqual(['alice'])
        await fresh.unsubscribe()
        expect(await chat.presence()).toEqual([])
      },
    },
    {
      title: 'users of a layer that disconnects or crashes are gone, all of them',
      async run({ name, layers, layer, crash, expect }) {
        const [closing, crashing] = await layers()
        const staying = await layer()
        await Promise.all(
          upTo(50).flatMap((n) => [
            closing.channel(name(`chat-${n % 3}`)).join(`closing-${n}`),
            crashing.channel(name(`chat-${n % 3}`)).join(`crashing-${n}`),
          ]),
        )
        await staying.channel(name('chat-0')).join('alice')
        await closing.disconnect()
        await crash(crashing)
        const all = async () => {
          const lists = [0, 1, 2].map((n) => staying.channel(name(`chat-${n}`)).presence())
          return (await Promise.all(lists)).flat().map((member) => member.userId)
        }
        await until('only one to be left', async () => (await all()).length === 1)
        expect(await all()).toEqual(['alice'])
      },
    },
  ],
}
