// Callbacks that end, begin and move others while one message or event is on its way.

import type { PresenceEvent, PresenceSubscription, Subscription } from '@chan/core'
import { ManualClock } from '@chan/core/testing'
import type { Topic } from '../../cases.js'
import { turns, until } from '../../until.js'
import { upTo } from '../entry.js'
import type { Scene } from '../scene.js'
import { collect } from './collect.js'

/** Longer than a turn of deliveries may take. */
const LONG_MS = 12

export const interleavings: Topic<Scene> = {
  name: 'layer: one ends while another begins',
  cases: [
    {
      title: 'onPresence that begins while the last other listener ends: sync, then changes',
      async run({ name, layer, expect }) {
        const one = await layer()
        // Where exactly the other one ends: so many microtasks, then so many turns, into the call.
        const pauses = [
          ...upTo(24, 0).map((count) => async () => {
            for (let i = 0; i < count; i++) await undefined
          }),
          ...upTo(6).map((count) => () => turns(count)),
        ]
        for (const [at, pause] of pauses.entries()) {
          const chat = one.channel(name(`chat-${at}`))
          await chat.join('alice')
          const ending = await chat.onPresence(() => {})
          const heard: string[] = []
          const beginning = chat.onPresence((event) => heard.push(event.type))
          await pause()
          void ending.unsubscribe()
          await beginning
          await chat.join('bob')
          await until(`bob, after pause ${at}`, () => heard.length === 2)
          expect(heard).toEqual(['sync', 'join'])
        }
      },
    },
    {
      title: 'the same while deliveries have used up their turn and the next one is waited for',
      async run({ name, layer, expect }) {
        const clock = new ManualClock()
        const one = await layer({ clock })
        for (const ticks of upTo(24, 0)) {
          const [chat, busy] = [
            one.channel(name(`chat-${ticks}`)),
            one.channel(name(`busy-${ticks}`)),
          ]
          await chat.join('alice')
          const ending = await chat.onPresence(() => {})
          let delivered = 0
          await busy.subscribe(() => {
            delivered++
            clock.advance(LONG_MS)
          })
          const publishing = [busy.publish(1), busy.publish(2)]
          const events: PresenceEvent[] = []
          const beginning = chat.onPresence((event) => events.push(event))
          for (let i = 0; i < ticks; i++) await undefined
          await ending.unsubscribe()
          await beginning
          expect(events[0]?.type).toBe('sync')
          await chat.join('bob')
          // In a sync, where a gap came between.
          const bob = (event: PresenceEvent) =>
            event.type === 'sync'
              ? event.members.some(({ userId }) => userId === 'bob')
              : event.member.userId === 'bob'
          await until(`bob, after ${ticks} ticks`, () => events.some(bob))
          await Promise.all(publishing)
          await until('both long deliveries', () => delivered === 2)
        }
      },
    },
    {
      title: 'a listener that another one ends hears nothing of the event under way',
      async run({ name, layer, expect }) {
        const chat = (await layer()).channel(name('chat'))
        let second: PresenceSubscription | undefined
        let ended = false
        await chat.onPresence((event) => {
          if (event.type !== 'join') return
          ended = true
          void second?.unsubscribe()
        })
        const heard: string[] = []
        second = await chat.onPresence((event) => heard.push(event.type))
        await chat.join('alice')
        await until('the join', () => ended)
        await turns()
        expect(heard).toEqual(['sync'])
      },
    },
    {
      title: 'a status listener that another one ends hears nothing of the change under way',
      async run({ layer, expect }) {
        const one = await layer()
        const heard: string[] = []
        one.onStatus(() => stop())
        const stop = one.onStatus(({ state }) => heard.push(state))
        await one.connect()
        expect(heard).toEqual([])
      },
    },
    {
      title: 'a subscription ended before its turn goes on, from its position, with that message',
      async run({ name, layer, expect }) {
        const chat = (await layer()).channel<number>(name('chat'))
        const before = await collect(chat)
        let ended = false
        let second: Subscription | undefined
        await chat.subscribe(({ data }) => {
          if (data !== 2) return
          ended = true
          void second?.unsubscribe()
        })
        const seen = await collect(chat)
        second = seen.subscription
        for (const n of upTo(3)) await chat.publish(n)
        await before.count(3)
        expect(ended).toBe(true)
        expect(seen.data()).toEqual([1])
        // Who had its turn stands behind the message.
        expect(before.subscription.position.offset).toBe(3)
        expect(second.position.offset).toBe(1)
        const again = await collect(chat, { since: second.position })
        expect(await again.count(2)).toEqual([2, 3])
      },
    },
    {
      title: 'a filter that unsubscribes: the callback does not start, and the others go on',
      async run({ name, layer, expect }) {
        const chat = (await layer()).channel(name('chat'))
        const heard: unknown[] = []
        let own: Subscription | undefined
        let asked = 0
        own = await chat.subscribe((message) => heard.push(message.data), {
          filterFn: () => {
            asked++
            void own?.unsubscribe()
            return true
          },
        })
        const witness = await collect(chat)
        for (const n of upTo(2)) await chat.publish(n)
        expect(await witness.count(2)).toEqual([1, 2])
        expect([asked, heard]).toEqual([1, []])
      },
    },
  ],
}
