// `since`: going on from a position, and being told when that is impossible.

import { type Position, START } from '@chan/core'
import type { Topic } from '../../cases.js'
import { upTo } from '../entry.js'
import type { Scene } from '../scene.js'
import { collect } from './collect.js'

export const recovery: Topic<Scene> = {
  name: 'layer: recovery',
  cases: [
    {
      title: 'since a position: what was missed comes first, once and in order',
      async run({ name, layers, expect }) {
        const [one, other] = await layers()
        const first = await collect(other.channel(name('chat')))
        for (const n of upTo(3)) await one.channel(name('chat')).publish(n)
        await first.count(3)
        await first.subscription.unsubscribe()
        const { position } = first.subscription
        for (const n of upTo(1_000, 4)) void one.channel(name('chat')).publish(n)
        await one.channel(name('chat')).publish(1_001)
        const second = await collect(other.channel(name('chat')), { since: position })
        const { count, truncated } = second.subscription.recovered
        expect([truncated, count]).toEqual([false, second.data().length])
        await one.channel(name('chat')).publish(1_002)
        await second.count(999)
        expect([...first.data(), ...second.data()]).toEqual(upTo(1_002))
      },
    },
    {
      title: 'without since nothing is recovered; the position is where delivery begins',
      async run({ name, layer, expect }) {
        const chat = (await layer()).channel(name('chat'))
        const early = await collect(chat)
        expect(early.subscription.position).toEqual(START)
        expect(early.subscription.recovered).toEqual({ count: 0, truncated: false })
        const message = await chat.publish(1)
        await early.count(1)
        const late = await collect(chat)
        const position = { epoch: message.epoch, offset: 1 }
        expect(late.subscription.position).toEqual(position)
        expect(early.subscription.position).toEqual(position)
        expect(late.data()).toEqual([])
      },
    },
    {
      title: 'since START recovers everything; since the top recovers nothing',
      async run({ name, layer, expect }) {
        const chat = (await layer()).channel(name('chat'))
        const untouched = await collect(chat, { since: START })
        expect(untouched.subscription.recovered).toEqual({ count: 0, truncated: false })
        for (const n of upTo(5)) await chat.publish(n)
        expect(await untouched.count(5)).toEqual(upTo(5))
        const all = await collect(chat, { since: START })
        expect(all.data()).toEqual(upTo(5))
        const none = await collect(chat, { since: all.subscription.position })
        expect(none.subscription.recovered).toEqual({ count: 0, truncated: false })
        await chat.publish(6)
        expect(await none.count(1)).toEqual([6])
        expect(await all.count(6)).toEqual(upTo(6))
      },
    },
    {
      title: 'a position of another epoch or above the top: truncated, and on from the top',
      async run({ name, layer, expect }) {
        const chat = (await layer()).channel(name('chat'))
        for (const n of upTo(3)) await chat.publish(n)
        const { position } = (await collect(chat)).subscription
        const nowhere: readonly Position[] = [
          { epoch: 'another', offset: 1 },
          { epoch: position.epoch, offset: 99 },
        ]
        for (const since of nowhere) {
          const seen = await collect(chat, { since })
          expect(seen.subscription.recovered).toEqual({ count: 0, truncated: true })
          expect(seen.subscription.position.epoch).toBe(position.epoch)
          const { offset } = seen.subscription.position
          const message = await chat.publish('next')
          expect(message.offset).toBe(offset + 1)
          expect(await seen.count(1)).toEqual(['next'])
        }
      },
    },
    {
      title: 'history for a newcomer and live messages meanwhile: each exactly once, in order',
      async run({ name, layers, rounds, expect }) {
        const [one, other] = await layers()
        let n = 0
        let storming = true
        const storm = (async () => {
          while (storming) {
            await one.channel(name('chat')).publish(++n)
            if (n % 7 === 0) await new Promise((resolve) => setTimeout(resolve, 0))
          }
        })()
        for (let round = 0; round < Math.min(rounds, 40); round++) {
          const chat = other.channel(name('chat'))
          const shown = await chat.history({ limit: 10 })
          const last = shown.at(-1)
          const since = last
            ? { epoch: last.epoch as string, offset: last.offset as number }
            : START
          const seen = await collect(chat, { since })
          await seen.count(5)
          await seen.subscription.unsubscribe()
          const all = [...shown, ...seen.messages].map((message) => message.data as number)
          expect(all).toEqual(upTo(all.length - 1 + (all[0] ?? 0), all[0]))
        }
        storming = false
        await storm
      },
    },
    {
      title: 'since together with a filter, and unsubscribing while it recovers',
      async run({ name, layer, expect }) {
        const chat = (await layer()).channel(name('chat'))
        for (const n of upTo(600)) await chat.publish(n)
        const even = await collect(chat, {
          since: START,
          filterFn: (message) => (message.data as number) % 2 === 0,
        })
        expect(even.data()).toEqual(upTo(300).map((n) => n * 2))
        const heard: unknown[] = []
        const controller = new AbortController()
        const outcome = chat.subscribe(
          (message) => {
            heard.push(message.data)
            if (message.data === 300) controller.abort('enough')
          },
          { since: START, signal: controller.signal },
        )
        expect(await outcome.catch((reason) => reason)).toBe('enough')
        await chat.publish(601)
        await even.count(300)
        expect(heard).toEqual(upTo(300))
        expect(chat.localSubscriberCount).toBe(1)
      },
    },
    {
      title: 'many recover at once, from different positions, while messages come',
      async run({ name, layers, expect }) {
        const [one, other] = await layers()
        const chat = other.channel(name('chat'))
        for (const n of upTo(300)) await one.channel(name('chat')).publish(n)
        const { position } = (await collect(chat)).subscription
        const starts = upTo(30).map((n) => n * 10)
        const collecting = starts.map((offset) =>
          collect(chat, { since: { epoch: position.epoch, offset } }),
        )
        for (const n of upTo(400, 301)) void one.channel(name('chat')).publish(n)
        for (const [at, each] of (await Promise.all(collecting)).entries()) {
          const start = starts[at] as number
          expect(await each.count(400 - start)).toEqual(upTo(400, start + 1))
        }
      },
    },
  ],
}
