// Publishing: what it answers, in which order, ids and ephemeral messages.

import { Message } from '@chan/core'
import type { Topic } from '../../cases.js'
import { until } from '../../until.js'
import { upTo } from '../entry.js'
import type { Scene } from '../scene.js'
import { collect, refusal } from './collect.js'

export const publishing: Topic<Scene> = {
  name: 'layer: publishing',
  cases: [
    {
      title: 'publish resolves to the stored message, which subscribers get as it is',
      async run({ name, layers, expect }) {
        const [one, other] = await layers()
        const here = await collect(one.channel(name('chat')))
        const there = await collect(other.channel(name('chat')))
        const before = Date.now() / 1000
        const message = await one
          .channel(name('chat'))
          .publish({ a: 1 }, { sender: 'alice', id: 'i' })
        expect(message instanceof Message).toBe(true)
        expect([message.channel, message.data]).toEqual([name('chat'), { a: 1 }])
        expect([message.sender, message.offset, message.id]).toEqual(['alice', 1, 'i'])
        expect(message.timestamp >= before - 1 && message.timestamp <= Date.now() / 1000 + 1).toBe(
          true,
        )
        for (const each of [here, there]) {
          await each.count(1)
          expect(each.messages[0]?.toJson()).toBe(message.toJson())
        }
        expect((await one.channel(name('chat')).publish(1)).sender).toBe(null)
        expect((await one.channel(name('chat')).publish(1, { sender: null })).sender).toBe(null)
      },
    },
    {
      title: 'publishes of one process keep the order of the calls, awaited or not',
      async run({ name, layers, expect }) {
        const [one, other] = await layers()
        const chat = one.channel(name('chat'))
        // The first calls happen while the layer still connects.
        const publishing = upTo(20).map((n) => chat.publish(n))
        const seen = await collect(other.channel(name('chat')), { since: { epoch: '', offset: 0 } })
        for (const n of upTo(500, 21)) publishing.push(chat.publish(n))
        const messages = await Promise.all(publishing)
        expect(messages.map((message) => message.offset)).toEqual(upTo(500))
        expect(await seen.count(500)).toEqual(upTo(500))
      },
    },
    {
      title: 'an id makes a publish idempotent, also from another process and at the same moment',
      async run({ name, layers, expect }) {
        const [one, other] = await layers()
        const seen = await collect(one.channel(name('chat')))
        const first = await one.channel(name('chat')).publish('first', { id: 'x' })
        const again = await other.channel(name('chat')).publish('again', { id: 'x' })
        expect(again.toJson()).toBe(first.toJson())
        const ten = upTo(10).map((n) =>
          (n % 2 ? one : other).channel(name('chat')).publish(n, { id: 'y' }),
        )
        const offsets = (await Promise.all(ten)).map((message) => message.offset)
        expect(new Set(offsets)).toEqual(new Set([2]))
        await one.channel(name('chat')).publish('end')
        await seen.count(3)
        expect(seen.messages.map((message) => message.offset)).toEqual([1, 2, 3])
      },
    },
    {
      title: 'an ephemeral message is delivered and leaves no trace',
      async run({ name, layers, expect }) {
        const [one, other] = await layers()
        const chat = one.channel(name('chat'))
        const seen = await collect(other.channel(name('chat')))
        const own = await collect(chat)
        await chat.publish('stored')
        const typing = await chat.publish('typing', { ephemeral: true, sender: 'alice' })
        expect([typing.offset, typing.epoch, typing.sender]).toEqual([
          undefined,
          undefined,
          'alice',
        ])
        await chat.publish('stored too')
        for (const each of [seen, own]) {
          await each.count(3)
          expect(each.data().sort()).toEqual(['stored', 'stored too', 'typing'])
        }
        const history = await chat.history()
        expect(history.map((message) => message.offset)).toEqual([1, 2])
        expect(await refusal(() => chat.publish(1, { ephemeral: true, id: 'x' }))).toBe(
          'invalid-option',
        )
        const cursors = one.channel(name('cursors'), { ephemeral: true })
        expect((await cursors.publish(1)).offset).toBe(undefined)
        expect((await cursors.publish(2, { ephemeral: false })).offset).toBe(1)
        expect(await refusal(() => cursors.publish(1, { id: 'x' }))).toBe('invalid-option')
      },
    },
    {
      title: 'a sender or id that is no name is refused',
      async run({ name, layer, expect }) {
        const chat = (await layer()).channel(name('chat'))
        for (const bad of ['', 'a\u0000', '\ud800', 'x'.repeat(256), 5]) {
          expect(await refusal(() => chat.publish(1, { sender: bad as string }))).toBe(
            'invalid-option',
          )
          expect(await refusal(() => chat.publish(1, { id: bad as string }))).toBe('invalid-option')
        }
        expect(await chat.history()).toEqual([])
      },
    },
    {
      title: 'publishing needs no subscriber, and reaches a layer that connects later by history',
      async run({ name, layers, expect }) {
        const [one, other] = await layers()
        await Promise.all(upTo(5).map((n) => one.channel(name('chat')).publish(n)))
        const history = await other.channel(name('chat')).history()
        expect(history.map((message) => message.data)).toEqual(upTo(5))
        await until('stats', () => one.stats().published === 5)
      },
    },
  ],
}
