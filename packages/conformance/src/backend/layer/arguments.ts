// What callers hand in: options of any make, null, data for nobody, hands on a shared message.

import { isChanError } from '@chan/core'
import type { Topic } from '../../cases.js'
import { until } from '../../until.js'
import type { Scene } from '../scene.js'
import { collect, refusal } from './collect.js'

/** Options as a class has them: the authFn is its prototype's and reads its fields. */
class Members {
  readonly allowed: string

  constructor(allowed: string) {
    this.allowed = allowed
  }

  authFn(_channel: string, userId: string | null): boolean {
    return userId === this.allowed
  }
}

export const argumentsOfCalls: Topic<Scene> = {
  name: 'layer: arguments',
  cases: [
    {
      title: 'an authFn counts wherever an object has it from, by name and in a definition',
      async run({ name, layer, expect }) {
        const one = await layer()
        const [label = ''] = name('secret').split(':')
        one.define(`${label}:*`, new Members('alice'))
        const inherited = Object.create({ authFn: () => false, maxHistory: 1 })
        const channels = [
          one.channel(name('by-name'), new Members('alice')),
          one.channel(name('secret')),
          one.channel(name('inherited'), inherited),
        ]
        for (const channel of channels) {
          const entering = (userId: string) => () => channel.subscribe(() => {}, { userId })
          expect(await refusal(entering('mallory'))).toBe('permission-denied')
          const allowed = channel.name === name('inherited') ? 'permission-denied' : null
          expect(await refusal(entering('alice'))).toBe(allowed)
        }
        const [, , limited] = channels
        for (const n of [1, 2]) await limited?.publish(n)
        expect((await limited?.history())?.map(({ data }) => data)).toEqual([2])
      },
    },
    {
      title: 'options are read at the call: what is changed in them later is for later calls',
      async run({ name, layer, expect }) {
        const one = await layer()
        let allow = (_answer: boolean) => {}
        const asked: unknown[] = []
        const authFn = (_channel: string, userId: string | null) => {
          asked.push(userId)
          return new Promise<boolean>((resolve) => {
            allow = resolve
          })
        }
        const chat = one.channel(name('chat'), { authFn })
        const texts = ['one', 'two', 'hidden', 'three']
        const stored = await Promise.all(texts.map((text) => chat.publish(text)))
        const { epoch = '', offset = 0 } = stored[0] ?? {}
        const query = { limit: 2, since: { epoch, offset } }
        const reading = one.channel(name('chat')).history(query)
        Object.assign(query, { limit: 0 })
        query.since.offset = 99
        const shown = await reading
        expect(shown.map(({ data }) => data)).toEqual(['hidden', 'three'])

        const options = {
          userId: 'alice',
          joinPresence: true,
          metadata: { tags: ['a'] },
          since: { epoch, offset },
          filterFn: ({ data }: { readonly data: unknown }) => data !== 'hidden',
        }
        const heard: unknown[] = []
        const subscribing = chat.subscribe(({ data }) => heard.push(data), options)
        Object.assign(options, { userId: 'bob', joinPresence: false, filterFn: () => false })
        options.metadata.tags.push('b')
        options.since.offset = 99
        await until('permission asked for', () => asked.length === 1)
        allow(true)
        const subscription = await subscribing
        await chat.publish('four')
        await until('what was asked for', () => heard.length === 3)
        expect([asked, heard]).toEqual([['alice'], ['two', 'three', 'four']])
        const present = async () =>
          (await chat.presence()).map(({ userId, tags }) => [userId, tags])
        expect(await present()).toEqual([['alice', ['a']]])
        await subscription.unsubscribe()
        expect(await present()).toEqual([])

        const from = { since: { epoch, offset } }
        const stream = chat.messages(from)
        from.since.offset = 99
        await until('permission asked for again', () => asked.length === 2)
        allow(true)
        expect((await stream.next()).value?.data).toBe('two')
        await stream.return()
      },
    },
    {
      title: 'null for options is like none, and whatever is refused is refused with a ChanError',
      async run({ name, layer, expect }) {
        const one = await layer()
        const chat = one.channel(name('chat'))
        const nothing = null as never
        const fine: Readonly<Record<string, () => Promise<unknown>>> = {
          publish: () => chat.publish(1, nothing),
          subscribe: () => chat.subscribe(() => {}, nothing),
          messages: () => chat.messages(nothing).ready,
          history: () => chat.history(nothing),
          onPresence: () => chat.onPresence(() => {}, nothing),
          'group publish': () => one.group(name('group')).publish(1, nothing),
        }
        for (const [call, run] of Object.entries(fine)) {
          expect([call, await refusal(run)]).toEqual([call, null])
        }
        const wrong: Readonly<Record<string, () => Promise<unknown>>> = {
          unsubscribe: () => chat.unsubscribe(nothing),
          callback: () => chat.subscribe(nothing),
          listener: () => chat.onPresence(nothing),
          userId: () => chat.join(nothing),
          member: () => one.group(name('group')).add(nothing),
        }
        for (const [call, run] of Object.entries(wrong)) {
          const error = await run().catch((error: unknown) => error)
          expect([call, isChanError(error)]).toEqual([call, true])
        }
      },
    },
    {
      title: 'data that is too large is refused by a group without members, too',
      async run({ name, layer, expect }) {
        const group = (await layer({ maxMessageBytes: 10 })).group(name('empty'))
        expect(await refusal(() => group.publish('x'.repeat(9)))).toBe('payload-too-large')
        expect(await group.publish('x'.repeat(8))).toBe(0)
      },
    },
    {
      title: 'a message is read-only: who tries to change it changes it for nobody',
      async run({ name, layer, reported, expect }) {
        const chat = (await layer()).channel(name('chat'))
        await chat.subscribe((message) => {
          Object.assign(message, { sender: 'mallory', data: 'changed', channel: 'elsewhere' })
        })
        const seen = await collect(chat)
        await chat.publish('hello', { sender: 'alice' })
        await seen.count(1)
        const shown = ({ sender, data, channel }: { [key: string]: unknown }) => [
          sender,
          data,
          channel,
        ]
        const [message] = seen.messages
        const [stored] = await chat.history()
        for (const each of [message, stored, JSON.parse(message?.toJson() ?? '')]) {
          expect(shown(each)).toEqual(['alice', 'hello', chat.name])
        }
        expect(reported.map(({ operation }) => operation)).toEqual(['callback'])
      },
    },
    {
      title: 'a layer’s default for history is its own: it costs other layers nothing',
      async run({ name, layer, expect }) {
        const [one, none] = [await layer(), await layer({ defaultHistorySize: 0 })]
        const shown = async (of: typeof one) =>
          (await of.channel(name('chat')).history()).map(({ data }) => data)
        await one.channel(name('chat')).publish(1)
        await none.channel(name('chat')).publish(2)
        expect(await shown(none)).toEqual([])
        expect(await shown(one)).toEqual([1, 2])
        await none.channel(name('chat'), { maxHistory: 1 }).publish(3)
        // Said explicitly, it holds for the channel.
        expect(await shown(none)).toEqual([3])
        expect(await shown(one)).toEqual([3])
      },
    },
  ],
}
