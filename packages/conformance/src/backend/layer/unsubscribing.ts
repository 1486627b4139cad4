// Ending subscriptions: whichever way, nothing is heard after the call.

import type { Subscription } from '@chan/core'
import type { Topic } from '../../cases.js'
import { turns, until } from '../../until.js'
import { upTo } from '../entry.js'
import type { Scene } from '../scene.js'
import { collect, refusal } from './collect.js'

/** A signal that counts who listens to it. */
function countingSignal() {
  const controller = new AbortController()
  const { signal } = controller
  let listeners = 0
  const add = signal.addEventListener.bind(signal)
  const remove = signal.removeEventListener.bind(signal)
  Object.assign(signal, {
    addEventListener(...args: Parameters<typeof add>) {
      listeners++
      add(...args)
    },
    removeEventListener(...args: Parameters<typeof remove>) {
      listeners--
      remove(...args)
    },
  })
  return { signal, abort: () => controller.abort(), listeners: () => listeners }
}

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
      title: "a subscription of another layer is not taken for one's own with the same id",
      async run({ name, layer, expect }) {
        const [one, other] = [await layer(), await layer()]
        const chat = one.channel(name('chat'))
        // Ids count up in each layer: sooner or later two are equal.
        const mine = [await collect(chat), await collect(chat), await collect(chat)]
        const theirs = other.channel(name('chat'))
        const foreign = [await collect(theirs), await collect(theirs), await collect(theirs)]
        const ids = mine.map(({ subscription }) => subscription.id)
        expect(foreign.map(({ subscription }) => subscription.id)).toEqual(ids)
        for (const { subscription } of foreign) await chat.unsubscribe(subscription)
        await chat.publish(1)
        for (const each of [...mine, ...foreign]) expect(await each.count(1)).toEqual([1])
        for (const { subscription } of foreign) await theirs.unsubscribe(subscription)
        expect([chat, theirs].map((channel) => channel.localSubscriberCount)).toEqual([3, 0])
      },
    },
    {
      title: 'what is neither a subscription nor a number is refused',
      async run({ name, layer, expect }) {
        const chat = (await layer()).channel(name('chat'))
        const stays = await collect(chat)
        const listening = await chat.onPresence(() => {})
        const { id } = stays.subscription
        for (const wrong of [undefined, null, `${id}`, true, {}, { id }, () => {}, listening]) {
          expect(await refusal(() => chat.unsubscribe(wrong as never))).toBe('invalid-option')
        }
        for (const unknown of [0, -1, id + 1, id + 0.5, Number.NaN]) await chat.unsubscribe(unknown)
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
    {
      title: 'a signal that many subscriptions share is listened to once, until the last has ended',
      async run({ name, layer, expect }) {
        const chat = (await layer()).channel(name('chat'))
        const { signal, abort, listeners } = countingSignal()
        const seen = await Promise.all(upTo(30).map(() => collect(chat, { signal })))
        const streams = upTo(30).map(() => chat.messages({ signal }))
        await Promise.all(streams.map(({ ready }) => ready))
        const members = await Promise.all(upTo(30).map(() => chat.onPresence(() => {}, { signal })))
        expect(listeners()).toBe(1)
        const [stays, ...gone] = seen
        for (const { subscription } of gone) await subscription.unsubscribe()
        for (const stream of streams) await stream.return()
        for (const listening of members) await listening.unsubscribe()
        expect([listeners(), chat.localSubscriberCount]).toEqual([1, 1])
        await stays?.subscription.unsubscribe()
        expect(listeners()).toBe(0)
        const again = await Promise.all(upTo(3).map(() => collect(chat, { signal })))
        expect(listeners()).toBe(1)
        abort()
        expect(again.map(({ subscription }) => subscription.active)).toEqual([false, false, false])
      },
    },
    {
      title:
        'a layer that closes listens to no signal any more, and what it ended may be ended again',
      async run({ name, layer, reported, expect }) {
        const one = await layer()
        const chat = one.channel(name('chat'))
        const { signal, abort, listeners } = countingSignal()
        const { subscription } = await collect(chat, { signal })
        const listening = await chat.onPresence(() => {}, { signal })
        const stream = chat.messages({ signal })
        await stream.ready
        await one.disconnect()
        expect(listeners()).toBe(0)
        abort()
        await Promise.all([subscription.unsubscribe(), listening.unsubscribe(), stream.return()])
        await turns()
        expect(reported).toEqual([])
      },
    },
    {
      title: 'the store is asked to end a bare join only where there may be one',
      async run({ name, faultyLayer, expect }) {
        const { layer, faulty } = await faultyLayer()
        const chat = layer.channel(name('chat'))
        const passing = async (userId: string) => {
          const { subscription } = await collect(chat, { userId })
          return refusal(() => subscription.unsubscribe())
        }
        const down = Object.assign(new Error('down'), { code: 'unavailable' })
        await Promise.all(['alice', 'bob', 'carol'].map((userId) => chat.join(userId)))
        await chat.leave('bob')
        faulty.fail('remove', down)
        expect([await passing('bob'), await passing('dave')]).toEqual([null, null])
        // What failed may be there still, and is asked for again.
        expect(await passing('alice')).toBe('unavailable')
        expect(await passing('alice')).toBe(null)
        expect((await chat.presence()).map(({ userId }) => userId)).toEqual(['carol'])
        await chat.clearPresence()
        faulty.fail('remove', down)
        expect([await passing('alice'), await passing('carol')]).toEqual([null, null])
      },
    },
  ],
}
