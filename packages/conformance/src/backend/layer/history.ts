// history() of a layer: limits and what they do to a living channel.

import type { Topic } from '../../cases.js'
import { upTo } from '../entry.js'
import type { Scene } from '../scene.js'
import { collect, refusal } from './collect.js'

export const history: Topic<Scene> = {
  name: 'layer: history',
  cases: [
    {
      title: 'the most recent messages, oldest first, in every process; limit takes the newest',
      async run({ name, layers, expect }) {
        const [one, other] = await layers({ defaultHistorySize: 10 })
        const [here, there] = [one.channel(name('chat')), other.channel(name('chat'))]
        expect(await here.history()).toEqual([])
        for (const n of upTo(15)) await here.publish(n)
        for (const chat of [here, there]) {
          const data = async (query = {}) =>
            (await chat.history(query)).map((message) => message.data)
          expect(await data()).toEqual(upTo(15, 6))
          expect(await data({ limit: 0 })).toEqual([])
          expect(await data({ limit: 3 })).toEqual([13, 14, 15])
          expect(await data({ limit: 1_000 })).toEqual(upTo(15, 6))
          const [, second] = await chat.history({ limit: 3 })
          const position = { epoch: second?.epoch as string, offset: second?.offset as number }
          expect(await data({ since: position })).toEqual([15])
          expect(await data({ before: position, limit: 2 })).toEqual([12, 13])
        }
      },
    },
    {
      title: 'negative, fractional and other wrong queries are refused',
      async run({ name, layer, expect }) {
        const chat = (await layer()).channel(name('chat'))
        const wrong: readonly unknown[] = [
          { limit: -1 },
          { limit: 1.5 },
          { limit: Number.NaN },
          { limit: '5' },
          { since: { epoch: 'x', offset: -1 } },
          { since: 5 },
          { before: { offset: 1 } },
        ]
        for (const query of wrong) {
          const code = await refusal(() => chat.history(query as never))
          expect([query, code]).toEqual([query, 'invalid-option'])
        }
        const one = await layer()
        for (const maxHistory of [-1, 1.5, Number.NaN, '3']) {
          const options = { maxHistory: maxHistory as number }
          expect(await refusal(() => one.channel(name('c'), options))).toBe('invalid-option')
          expect(await refusal(() => one.define('x:*', options))).toBe('invalid-option')
        }
        expect(await refusal(() => layer({ defaultHistorySize: -1 }))).toBe('invalid-option')
      },
    },
    {
      title: 'maxHistory 0 and 1: history shows that much, delivery and recovery are unchanged',
      async run({ name, layer, expect }) {
        const one = await layer()
        for (const maxHistory of [0, 1]) {
          const chat = one.channel(name(`chat-${maxHistory}`), { maxHistory })
          const seen = await collect(chat)
          for (const n of upTo(5)) await chat.publish(n)
          expect(await seen.count(5)).toEqual(upTo(5))
          const shown = (await chat.history()).map((message) => message.data)
          expect(shown).toEqual(upTo(5, 6 - maxHistory))
          const late = await collect(chat, { since: { epoch: '', offset: 0 } })
          expect(late.data()).toEqual(upTo(5))
          expect(late.subscription.recovered).toEqual({ count: 5, truncated: false })
        }
        const none = (await layer({ defaultHistorySize: 0 })).channel(name('none'))
        await none.publish(1)
        expect(await none.history()).toEqual([])
      },
    },
    {
      title: 'maxHistory lowered and raised on a living channel',
      async run({ name, layer, expect }) {
        const one = await layer()
        const shown = async () => (await chat.history()).map((message) => message.data)
        const chat = one.channel(name('chat'), { maxHistory: 8 })
        const seen = await collect(chat)
        for (const n of upTo(10)) await chat.publish(n)
        expect(await shown()).toEqual(upTo(10, 3))
        one.channel(name('chat'), { maxHistory: 2 })
        expect(await shown()).toEqual([9, 10])
        one.channel(name('chat'), { maxHistory: 5 })
        expect(await shown()).toEqual([9, 10])
        for (const n of upTo(14, 11)) await chat.publish(n)
        expect(await shown()).toEqual(upTo(14, 10))
        one.channel(name('chat'))
        expect(await shown()).toEqual(upTo(14, 10))
        expect(await seen.count(14)).toEqual(upTo(14))
      },
    },
    {
      title: 'clearing hides what there is; offsets, epoch and subscribers go on',
      async run({ name, layers, expect }) {
        const [one, other] = await layers()
        const chat = one.channel(name('chat'))
        const seen = await collect(other.channel(name('chat')))
        const first = await chat.publish(1)
        await chat.publish(2)
        await other.channel(name('chat')).clearHistory()
        expect(await chat.history()).toEqual([])
        const third = await chat.publish(3)
        expect([third.epoch, third.offset]).toEqual([first.epoch, 3])
        expect((await other.channel(name('chat')).history()).map((m) => m.data)).toEqual([3])
        expect(await seen.count(3)).toEqual([1, 2, 3])
        const late = await collect(chat, { since: { epoch: first.epoch as string, offset: 1 } })
        expect(late.data()).toEqual([2, 3])
      },
    },
    {
      title: 'what history() answers belongs to the caller',
      async run({ name, layer, expect }) {
        const chat = (await layer()).channel(name('chat'))
        await chat.publish(1)
        const taken = await chat.history()
        taken.length = 0
        expect((await chat.history()).length).toBe(1)
      },
    },
  ],
}
