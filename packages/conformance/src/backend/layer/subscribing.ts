// Subscribing, also in the middle of a delivery.

import type { Subscription } from '@chan/core'
import type { Topic } from '../../cases.js'
import { until } from '../../until.js'
import { upTo } from '../entry.js'
import type { Scene } from '../scene.js'
import { collect, refusal } from './collect.js'

export const subscribing: Topic<Scene> = {
  name: 'layer: subscribing',
  cases: [
    {
      title: 'a subscription gets every message from there on, once and in order, in every process',
      async run({ name, layers, expect, reported }) {
        const [one, other] = await layers()
        await one.channel(name('chat')).publish('before')
        const seen = [
          await collect(one.channel(name('chat'))),
          await collect(other.channel(name('chat'))),
        ]
        for (const n of upTo(30)) await one.channel(name('chat')).publish(n)
        for (const each of seen) {
          expect(await each.count(30)).toEqual(upTo(30))
          expect(each.messages.map((message) => message.offset)).toEqual(upTo(31, 2))
        }
        expect(reported).toEqual([])
      },
    },
    {
      title: 'publishers in two layers: every subscriber of both sees one order',
      async run({ name, layers, expect }) {
        const both = await layers()
        const seen = await Promise.all(
          [...both, ...both].map((layer) => collect(layer.channel(name('chat')))),
        )
        await Promise.all(
          both.flatMap((layer, at) =>
            upTo(200).map((n) => layer.channel(name('chat')).publish([at, n])),
          ),
        )
        const [first] = seen
        for (const each of seen) {
          await each.count(400)
          expect(each.data()).toEqual(first?.data())
          expect(each.messages.map((message) => message.offset)).toEqual(upTo(400))
        }
        for (const at of [0, 1]) {
          const own = ((first?.data() ?? []) as [number, number][]).filter(([who]) => who === at)
          expect(own.map(([, n]) => n)).toEqual(upTo(200))
        }
      },
    },
    {
      title: 'the same name gives the same channel; one callback twice is two subscriptions',
      async run({ name, layer, expect }) {
        const one = await layer()
        const chat = one.channel(name('chat'))
        const group = one.group(name('chat'))
        expect(one.channel(name('chat')) === chat).toBe(true)
        expect(one.group(name('chat')) === group).toBe(true)
        let calls = 0
        const callback = () => calls++
        const first = await chat.subscribe(callback)
        const second = await chat.subscribe(callback)
        expect(first.id).not.toBe(second.id)
        expect(chat.localSubscriberCount).toBe(2)
        await chat.publish(1)
        await until('both', () => calls === 2)
        await chat.unsubscribe(first.id)
        await chat.publish(2)
        await until('one', () => calls === 3)
        expect(chat.localSubscriberCount).toBe(1)
      },
    },
    {
      title: 'a subscription made inside a callback starts after the current message',
      async run({ name, layer, expect }) {
        const chat = (await layer()).channel(name('chat'))
        const inner: unknown[] = []
        const outer: unknown[] = []
        let subscribed: Promise<Subscription> | undefined
        await chat.subscribe((message) => {
          outer.push(message.data)
          subscribed ??= chat.subscribe((later) => inner.push(later.data))
        })
        await chat.publish(1)
        await until('the inner subscription', () => subscribed !== undefined)
        await subscribed
        await chat.publish(2)
        await chat.publish(3)
        await until('the last', () => outer.length === 3 && inner.length >= 2)
        expect(outer).toEqual([1, 2, 3])
        expect(inner).toEqual([2, 3])
      },
    },
    {
      title: 'subscribers come and go during a storm: each gets a stretch without holes',
      async run({ name, layers, rounds, expect }) {
        const [one, other] = await layers()
        let storming = true
        const storm = (async () => {
          for (let n = 1; storming; n++) {
            await other.channel(name('chat')).publish(n)
            if (n % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 0))
          }
        })()
        for (let round = 0; round < Math.min(rounds, 40); round++) {
          const seen = await collect(one.channel(name('chat')))
          await seen.count(10)
          await seen.subscription.unsubscribe()
          const offsets = seen.messages.map((message) => message.offset as number)
          expect(offsets).toEqual(upTo(offsets.length - 1 + (offsets[0] ?? 0), offsets[0]))
          expect(seen.subscription.position.offset).toBe(offsets.at(-1))
        }
        storming = false
        await storm
      },
    },
    {
      title: 'nonsense is refused before anything happens',
      async run({ name, layer, expect }) {
        const chat = (await layer()).channel(name('chat'))
        const wrong: readonly (readonly [unknown, unknown])[] = [
          [undefined, {}],
          ['text', {}],
          [() => {}, { filterFn: 'x' }],
          [() => {}, { since: { epoch: 'x' } }],
          [() => {}, { since: { epoch: 'x', offset: -1 } }],
          [() => {}, { onReset: 1 }],
          [() => {}, { userId: '' }],
          [() => {}, { userId: 'a\u0000' }],
          [() => {}, { joinPresence: true }],
        ]
        for (const [callback, options] of wrong) {
          const code = await refusal(() => chat.subscribe(callback as never, options as never))
          expect([options, code]).toEqual([options, 'invalid-option'])
        }
        expect(chat.localSubscriberCount).toBe(0)
      },
    },
    {
      title: 'subscriberCount counts the cluster, localSubscriberCount this process',
      async run({ name, layers, crash, expect }) {
        const [one, other] = await layers()
        const [here, there] = [one.channel(name('chat')), other.channel(name('chat'))]
        expect(await here.subscriberCount()).toBe(0)
        const subscription = await here.subscribe(() => {})
        await here.subscribe(() => {})
        await there.subscribe(() => {})
        expect([here.localSubscriberCount, there.localSubscriberCount]).toEqual([2, 1])
        await until('three', async () => (await here.subscriberCount()) === 3)
        await until('three there', async () => (await there.subscriberCount()) === 3)
        await subscription.unsubscribe()
        await until('two', async () => (await there.subscriberCount()) === 2)
        await crash(other)
        await until('one', async () => (await here.subscriberCount()) === 1)
      },
    },
  ],
}
