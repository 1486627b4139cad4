// Ending subscriptions: whichever way, nothing is heard after the call.

import type { Subscription } from '@chan/core'
import type { Topic } from '../../cases.js'
import { turns, until } from '../../until.js'
import { upTo } from '../entry.js'
import type { Scene } from '../scene.js'
import { collect } from './collect.js'

export const unsubscribing: Topic<Scene> = {
  name: 'layer: unsubscribing',
  cases: [
    {
      title: 'unsubscribing by object, by id, twice, of a stranger; no callback starts after it',
      async run({ name, layer, expect }) {
        const one = await layer()
        const chat = one.channel(name('chat'))
        const other = one.channel(name('other'))
        const stays = await collect(chat)
        const gone = [await collect(chat), await collect(chat), await collect(chat)]
        await gone[0]?.subscription.unsubscribe()
        await gone[0]?.subscription.unsubscribe()
        await chat.unsubscribe(gone[1]?.subscription as Subscription)
        await chat.unsubscribe(gone[2]?.subscription.id as number)
        await chat.unsubscribe(999_999)
        await other.unsubscribe(stays.subscription)
        await chat.publish(1)
        expect(await stays.count(1)).toEqual([1])
        expect(gone.map((each) => each.data())).toEqual([[], [], []])
        expect(chat.localSubscriberCount).toBe(1)
      },
    },
    {
      title: 'unsubscribing while a publish is in flight: nothing after the call',
      async run({ name, layers, rounds, expect }) {
        const [one, other] = await layers()
        const chat = one.channel(name('chat'))
        for (let round = 0; round < Math.min(rounds, 50); round++) {
          const seen = await collect(chat)
          const publishing = upTo(5).map((n) =>
            (n % 2 ? other : one).channel(name('chat')).publish(n),
          )
          if (round % 2) await turns(round % 5)
          const unsubscribing = seen.subscription.unsubscribe()
          const { length } = seen.messages
          await Promise.all(publishing)
          await unsubscribing
          await turns(3)
          expect(seen.messages.length).toBe(length)
        }
        expect(chat.localSubscriberCount).toBe(0)
      },
    },
    {
      title: 'a callback that unsubscribes itself or others: they hear nothing more',
      async run({ name, layer, expect }) {
        const chat = (await layer()).channel(name('chat'))
        const heard: string[] = []
        const subscriptions: Subscription[] = []
        const add = async (who: string, then: () => void) => {
          subscriptions.push(
            await chat.subscribe((message) => {
              heard.push(`${who}${message.data}`)
              then()
            }),
          )
        }
        await add('a', () => {
          void subscriptions[0]?.unsubscribe()
          void subscriptions[2]?.unsubscribe()
        })
        await add('b', () => {})
        await add('c', () => {})
        await add('d', () => {})
        await chat.publish(1)
        await chat.publish(2)
        await until('the second', () => heard.includes('d2') && heard.includes('b2'))
        expect(heard.slice(0, 3)).toEqual(['a1', 'b1', 'd1'])
        expect(heard.slice(3).sort()).toEqual(['b2', 'd2'])
      },
    },
    {
      title: 'an aborted signal unsubscribes, or ends the waiting',
      async run({ name, layer, expect }) {
        const chat = (await layer()).channel(name('chat'))
        const controller = new AbortController()
        const seen = await collect(chat, { signal: controller.signal })
        await chat.publish(1)
        await seen.count(1)
        controller.abort()
        expect(chat.localSubscriberCount).toBe(0)
        await chat.publish(2)
        await turns()
        expect(seen.data()).toEqual([1])
        const reason = new Error('enough')
        const early = AbortSignal.abort(reason)
        const outcome = await chat.subscribe(() => {}, { signal: early }).catch((error) => error)
        expect(outcome === reason).toBe(true)
        const during = new AbortController()
        const pending = chat.subscribe(() => {}, { signal: during.signal }).catch((error) => error)
        during.abort(reason)
        expect((await pending) === reason).toBe(true)
        expect(chat.localSubscriberCount).toBe(0)
      },
    },
  ],
}
