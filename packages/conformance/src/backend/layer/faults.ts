// A store that fails, hangs or loses its connection: the layer says so, and goes on when it can.

import { ChanError } from '@chan/core'
import { ManualClock } from '@chan/core/testing'
import type { Topic } from '../../cases.js'
import { turns, until } from '../../until.js'
import { upTo } from '../entry.js'
import type { Scene } from '../scene.js'
import { collect, refusal } from './collect.js'

const down = () => new ChanError('unavailable', 'The store is down.', 'Try again.')

export const faults: Topic<Scene> = {
  name: 'layer: a failing store',
  cases: [
    {
      title: 'a refused publish rejects, is not delivered, and holds up nobody',
      async run({ name, faultyLayer, expect }) {
        const { layer, faulty } = await faultyLayer()
        const chat = layer.channel(name('chat'))
        const seen = await collect(chat)
        await chat.publish(1)
        faulty.fail('append', down(), down())
        const results = await Promise.allSettled(upTo(6, 2).map((n) => chat.publish(n)))
        const refused = results.filter((result) => result.status === 'rejected')
        expect(refused.map(({ reason }) => reason.code)).toEqual(['unavailable', 'unavailable'])
        expect(await seen.count(4)).toEqual([1, 4, 5, 6])
        expect(seen.messages.map((message) => message.offset)).toEqual(upTo(4))
      },
    },
    {
      title: 'a watch that fails refuses the subscribers that wait for it; the next works',
      async run({ name, faultyLayer, expect }) {
        const { layer, faulty } = await faultyLayer()
        const chat = layer.channel(name('chat'))
        await layer.connect()
        faulty.fail('watch', down())
        const both = [chat.subscribe(() => {}), chat.subscribe(() => {})]
        const codes = await Promise.all(both.map((pending) => refusal(() => pending)))
        expect(codes).toEqual(['unavailable', 'unavailable'])
        expect(chat.localSubscriberCount).toBe(0)
        faulty.fail('watch', down())
        expect(await refusal(() => chat.messages().ready)).toBe('unavailable')
        faulty.fail('watch', down())
        expect(await refusal(() => chat.onPresence(() => {}))).toBe('unavailable')
        const seen = await collect(chat)
        await chat.publish(1)
        expect(await seen.count(1)).toEqual([1])
        expect(chat.localSubscriberCount).toBe(1)
        expect(layer.stats().activeChannels).toBe(1)
      },
    },
    {
      title: 'opening that fails is reported by connect and by first use, and tried again',
      async run({ name, faultyLayer, expect }) {
        const { layer, faulty } = await faultyLayer()
        const states: string[] = []
        layer.onStatus(({ state, error }) => states.push(error ? `${state} with error` : state))
        faulty.fail('open', down(), down())
        expect(await refusal(() => layer.connect())).toBe('unavailable')
        expect(layer.stats().state).toBe('idle')
        expect(await refusal(() => layer.channel(name('chat')).publish(1))).toBe('unavailable')
        const message = await layer.channel(name('chat')).publish(2)
        expect([message.offset, message.data]).toEqual([1, 2])
        expect(states).toEqual([
          'connecting',
          'idle with error',
          'connecting',
          'idle with error',
          'connecting',
          'connected',
        ])
      },
    },
    {
      title: 'what was missed while deaf is read after the gap, in order, and told to nobody',
      async run({ name, faultyLayer, layer, reported, expect }) {
        const { layer: deafened, faulty } = await faultyLayer()
        const writer = await layer()
        const names = [name('a'), name('b')]
        const seen = await Promise.all(names.map((channel) => collect(deafened.channel(channel))))
        const syncs: string[] = []
        await deafened.channel(name('a')).onPresence((event) => {
          const members = event.type === 'sync' ? event.members : []
          syncs.push(`${event.type} ${members.map(({ userId }) => userId).join()}`)
        })
        for (const channel of names) await writer.channel(channel).publish(0)
        for (const each of seen) await each.count(1)
        faulty.deaf = true
        for (const n of upTo(700))
          for (const channel of names) await writer.channel(channel).publish(n)
        await writer.channel(name('a')).join('alice')
        await turns()
        expect(seen.map((each) => each.data())).toEqual([[0], [0]])
        faulty.gap(null)
        for (const n of upTo(800, 701)) void writer.channel(name('a')).publish(n)
        expect(await seen[0]?.count(801)).toEqual(upTo(800, 0))
        expect(await seen[1]?.count(701)).toEqual(upTo(700, 0))
        await until('a sync that knows alice', () => syncs.at(-1) === 'sync alice')
        expect(syncs[0]).toBe('sync ')
        expect(syncs.filter((line) => !line.startsWith('sync'))).toEqual([])
        expect(reported).toEqual([])
        expect(deafened.stats().resets).toBe(0)
      },
    },
    {
      title: 'a read that fails after a gap is reported and tried again until nothing is missing',
      async run({ name, faultyLayer, layer, reported, expect }) {
        const { layer: deafened, faulty } = await faultyLayer()
        const writer = (await layer()).channel(name('chat'))
        const seen = await collect(deafened.channel(name('chat')))
        faulty.deaf = true
        for (const n of upTo(5)) await writer.publish(n)
        faulty.fail('read', down(), down(), down())
        faulty.gap(name('chat'))
        await writer.publish(6)
        expect(await seen.count(6)).toEqual(upTo(6))
        const heard = reported.map(({ operation, channel }) => `${operation} ${channel}`)
        expect(heard).toEqual(upTo(3).map(() => `read ${name('chat')}`))
      },
    },
    {
      title: 'a position lost for good: every subscriber is told once, and goes on from the top',
      async run({ name, faultyLayer, reported, expect }) {
        const { layer, faulty } = await faultyLayer()
        const chat = layer.channel(name('chat'))
        const resets: unknown[] = []
        const seen = await collect(chat, { onReset: (event) => resets.push(event) })
        const silent = await collect(chat)
        const first = await chat.publish(1)
        await silent.count(1)
        faulty.deaf = true
        for (const n of [2, 3, 4]) await chat.publish(n)
        faulty.truncate()
        faulty.gap(null)
        await until('the reset', () => resets.length > 0)
        expect(resets).toEqual([{ position: { epoch: first.epoch, offset: 4 }, missed: 3 }])
        await until('the report', () => reported.length > 0)
        const codes = reported.map(({ error }) => (error as { code?: string }).code)
        expect(codes).toEqual(['history-reset'])
        await chat.publish(5)
        expect(await seen.count(2)).toEqual([1, 5])
        expect(await silent.count(2)).toEqual([1, 5])
        expect(layer.stats().resets).toBe(1)
      },
    },
    {
      title: 'presence calls that fail reject, and leave nothing half done',
      async run({ name, faultyLayer, expect }) {
        const { layer, faulty } = await faultyLayer()
        const chat = layer.channel(name('chat'))
        faulty.fail('put', down(), down())
        expect(await refusal(() => chat.join('alice'))).toBe('unavailable')
        const subscribing = () => chat.subscribe(() => {}, { userId: 'bob', joinPresence: true })
        expect(await refusal(subscribing)).toBe('unavailable')
        expect(chat.localSubscriberCount).toBe(0)
        expect(await chat.presence()).toEqual([])
        faulty.fail('list', down(), down())
        expect(await refusal(() => chat.presence())).toBe('unavailable')
        expect(await refusal(() => chat.onPresence(() => {}))).toBe('unavailable')
        const heard: string[] = []
        await chat.onPresence((event) => heard.push(event.type))
        const subscription = await subscribing()
        faulty.fail('remove', down())
        expect(await refusal(() => subscription.unsubscribe())).toBe('unavailable')
        expect(chat.localSubscriberCount).toBe(0)
        await chat.leave('bob')
        await until('join and leave', () => heard.length === 3)
        expect(heard).toEqual(['sync', 'join', 'leave'])
      },
    },
    {
      title: 'group calls that fail reject; the next works',
      async run({ name, faultyLayer, expect }) {
        const { layer, faulty } = await faultyLayer()
        const group = layer.group(name('group'))
        faulty.fail('addMember', down())
        expect(await refusal(() => group.add(name('a')))).toBe('unavailable')
        await group.add(name('a'))
        faulty.fail('members', down())
        expect(await refusal(() => group.publish(1))).toBe('unavailable')
        faulty.fail('appendEach', down())
        expect(await refusal(() => group.publish(2))).toBe('unavailable')
        expect(await group.publish(3)).toBe(1)
        const history = await layer.channel(name('a')).history()
        expect(history.map((message) => message.data)).toEqual([3])
      },
    },
    {
      title: 'letting go of a channel fails: reported, and the channel can be had again',
      async run({ name, faultyLayer, reported, expect }) {
        const { layer, faulty } = await faultyLayer()
        const chat = layer.channel(name('chat'))
        const first = await collect(chat)
        faulty.fail('unwatch', down())
        await first.subscription.unsubscribe()
        const second = await collect(chat)
        await chat.publish(1)
        expect(await second.count(1)).toEqual([1])
        expect(first.data()).toEqual([])
        const operations = new Set(reported.map(({ operation }) => operation))
        // Where a channel lingers, it was never let go of.
        expect([[], ['unwatch']].map(String)).toContain(String([...operations]))
      },
    },
    {
      title: 'counting that fails is reported, and made good with the next count',
      async run({ name, faultyLayer, reported, layer, expect }) {
        const { layer: counted, faulty } = await faultyLayer()
        const chat = counted.channel(name('chat'))
        const other = (await layer()).channel(name('chat'))
        await counted.connect()
        faulty.fail('reportInterest', down())
        await chat.subscribe(() => {})
        await until('the report', () => reported.length === 1)
        expect(reported[0]?.operation).toBe('interest')
        expect(await chat.subscriberCount()).toBe(1)
        await until('the other process', async () => (await other.subscriberCount()) === 1)
      },
    },
    {
      title: 'disconnect fetches what was stored and not heard of, in whatever order answers came',
      async run({ name, faultyLayer, expect }) {
        const { layer, faulty } = await faultyLayer()
        const chat = layer.channel(name('chat'))
        const seen = await collect(chat)
        faulty.slow('append')
        const slow = chat.publish(1)
        await seen.count(1)
        faulty.deaf = true
        expect((await chat.publish(2)).offset).toBe(2)
        expect((await slow).offset).toBe(1)
        await layer.disconnect()
        expect(seen.data()).toEqual([1, 2])
      },
    },
    {
      title: 'a store that hangs: disconnect gives up after 10 s, what still waits is refused',
      async run({ name, faultyLayer, expect }) {
        const clock = new ManualClock()
        const { layer, faulty } = await faultyLayer({ clock })
        const chat = layer.channel(name('chat'))
        await collect(chat)
        await chat.publish(1)
        faulty.hang('append')
        faulty.hang('close')
        const publishing = refusal(() => chat.publish(2))
        let disconnected = false
        const disconnecting = layer.disconnect().then(() => {
          disconnected = true
        })
        await turns()
        clock.advance(9_999)
        await turns()
        expect(disconnected).toBe(false)
        for (let i = 0; i < 3; i++) {
          clock.advance(10_000)
          await turns()
        }
        await disconnecting
        const outcome = await Promise.race([publishing, turns(100).then(() => 'still waiting')])
        expect(outcome).toBe('layer-closed')
        expect(layer.stats().state).toBe('closed')
        expect(clock.pending).toBe(0)
      },
    },
  ],
}
