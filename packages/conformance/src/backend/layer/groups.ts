// Groups of a layer: publish once, reach every member once.

import type { Topic } from '../../cases.js'
import { until } from '../../until.js'
import { upTo } from '../entry.js'
import type { Scene } from '../scene.js'
import { collect, refusal } from './collect.js'

export const groups: Topic<Scene> = {
  name: 'layer: groups',
  cases: [
    {
      title: 'every member is reached once, also by a channel added twice, in every process',
      async run({ name, layers, expect }) {
        const [one, other] = await layers()
        const group = one.group(name('news'))
        await group.add(name('a'))
        await other.group(name('news')).add(name('a'))
        await other.group(name('news')).add(name('b'))
        expect(await group.members()).toEqual(new Set([name('a'), name('b')]))
        expect(await group.size()).toBe(2)
        const seen = [
          await collect(one.channel(name('a'))),
          await collect(other.channel(name('b'))),
        ]
        expect(await group.publish({ n: 1 }, { sender: 'server' })).toBe(2)
        for (const each of seen) {
          expect(await each.count(1)).toEqual([{ n: 1 }])
          expect(each.messages[0]?.sender).toBe('server')
        }
        await group.discard(name('a'))
        await group.discard(name('never'))
        expect(await other.group(name('news')).publish(2)).toBe(1)
        expect(await seen[1]?.count(2)).toEqual([{ n: 1 }, 2])
        expect(seen[0]?.data()).toEqual([{ n: 1 }])
        expect((await one.channel(name('b')).history()).length).toBe(2)
      },
    },
    {
      title: 'an empty group reaches nobody and says so',
      async run({ name, layer, expect }) {
        const one = await layer()
        expect(await one.group(name('empty')).publish(1)).toBe(0)
        expect(await one.group(name('empty')).members()).toEqual(new Set())
        expect(await one.group(name('empty')).size()).toBe(0)
        expect(await refusal(() => one.group(name('empty')).publish(undefined))).toBe(
          'invalid-payload',
        )
      },
    },
    {
      title: 'a group of 10,000 channels: each reached once, each numbering its own',
      async run({ name, layers, expect, reported }) {
        const [one, other] = await layers()
        const group = one.group(name('news'))
        const channels = upTo(10_000).map((n) => name(`user-${n}`))
        await Promise.all(channels.map((channel) => group.add(channel)))
        const some = [0, 1, 4_999, 9_999].map((at) => channels[at] as string)
        const seen = await Promise.all(some.map((channel) => collect(other.channel(channel))))
        expect(await group.publish('hello')).toBe(10_000)
        expect(await group.publish('again')).toBe(10_000)
        for (const each of seen) {
          expect(await each.count(2)).toEqual(['hello', 'again'])
          expect(each.messages.map((message) => message.offset)).toEqual([1, 2])
        }
        expect(reported).toEqual([])
      },
    },
    {
      title: 'an id makes a group publish idempotent',
      async run({ name, layer, expect }) {
        const one = await layer()
        const group = one.group(name('news'))
        for (const n of [1, 2, 3]) await group.add(name(`chat-${n}`))
        await one.channel(name('chat-2')).publish('earlier', { id: 'x' })
        expect(await group.publish('all', { id: 'x' })).toBe(3)
        expect(await group.publish('all', { id: 'x' })).toBe(3)
        const shown = upTo(3).map(async (n) => {
          const history = await one.channel(name(`chat-${n}`)).history()
          return history.map((message) => message.data)
        })
        expect(await Promise.all(shown)).toEqual([['all'], ['earlier'], ['all']])
      },
    },
    {
      title:
        'an ephemeral member gets it ephemeral; with an id it is refused before anybody gets it',
      async run({ name, layer, expect }) {
        const one = await layer()
        const group = one.group(name('news'))
        const chat = one.channel(name('chat'))
        const typing = one.channel(name('typing'), { ephemeral: true })
        for (const members of [
          [chat, typing],
          [typing, chat],
        ]) {
          for (const { name } of members) await group.discard(name)
          for (const { name } of members) await group.add(name)
          const seen = [await collect(chat), await collect(typing)]
          const stored = await chat.history()
          const refused = await group.publish('kept', { id: 'x' }).catch((error) => error)
          expect(refused.code).toBe('invalid-option')
          expect(refused.message).toContain(typing.name)
          expect(await group.publish('passing')).toBe(2)
          for (const each of seen) {
            expect(await each.count(1)).toEqual(['passing'])
            await each.subscription.unsubscribe()
          }
          expect(seen[1]?.messages[0]?.offset).toBe(undefined)
          expect(await typing.history()).toEqual([])
          expect((await chat.history()).length).toBe(stored.length + 1)
        }
      },
    },
    {
      title: 'publishes to a group and to its channels keep the order of the calls',
      async run({ name, layer, expect }) {
        const one = await layer()
        const group = one.group(name('news'))
        const chat = one.channel(name('chat'))
        for (const member of ['chat', 'b', 'c']) await group.add(name(member))
        const calls = upTo(30).map((n) => (n % 3 === 0 ? group.publish(n) : chat.publish(n)))
        await Promise.all(calls)
        expect((await chat.history()).map((message) => message.data)).toEqual(upTo(30))
      },
    },
    {
      title: 'a callback of a member may publish to the group; nobody overtakes',
      async run({ name, layer, expect }) {
        const one = await layer()
        const group = one.group(name('news'))
        for (const n of [1, 2, 3]) await group.add(name(`chat-${n}`))
        await one.channel<number>(name('chat-1')).subscribe(({ data }) => {
          if (data < 5) void group.publish(data + 1)
        })
        const seen = await collect(one.channel(name('chat-3')))
        await group.publish(1)
        expect(await seen.count(5)).toEqual(upTo(5))
      },
    },
    {
      title: 'held memberships end with their process, added ones stay',
      async run({ name, layers, crash, expect }) {
        const [one, other] = await layers()
        const group = one.group(name('news'))
        await other.group(name('news')).hold(name('held'), 'h')
        await group.hold(name('held'), 'h')
        await other.group(name('news')).hold(name('crashing'), 'h')
        await other.group(name('news')).add(name('added'))
        await group.release(name('held'), 'h')
        expect(await group.size()).toBe(3)
        await crash(other)
        await until('the holds to end', async () => (await group.size()) === 1)
        expect(await group.members()).toEqual(new Set([name('added')]))
      },
    },
    {
      title: 'bad options are refused before anybody is reached',
      async run({ name, layer, expect }) {
        const one = await layer()
        const group = one.group(name('news'))
        await group.add(name('chat'))
        expect(await refusal(() => group.publish(1, { sender: '' }))).toBe('invalid-option')
        expect(await refusal(() => group.publish(1, { id: 'a\n' }))).toBe('invalid-option')
        const large = 'x'.repeat(1_048_577)
        expect(await refusal(() => group.publish(large))).toBe('payload-too-large')
        expect(await one.channel(name('chat')).history()).toEqual([])
      },
    },
  ],
}
