// A layer's beginning and end.

import { getChannelLayer, setChannelLayer } from '@chan/core'
import type { Topic } from '../../cases.js'
import { turns, until } from '../../until.js'
import { upTo } from '../entry.js'
import type { Scene } from '../scene.js'
import { collect, refusal } from './collect.js'

export const lifecycle: Topic<Scene> = {
  name: 'layer: lifecycle',
  cases: [
    {
      title: 'operations connect on first use; connect does it early and any number of times',
      async run({ name, layer, expect }) {
        const lazy = await layer()
        const states: string[] = []
        const stop = lazy.onStatus(({ state }) => states.push(state))
        expect(lazy.stats().state).toBe('idle')
        await Promise.all([
          lazy.channel(name('a')).publish(1),
          lazy.channel(name('a')).subscribe(() => {}),
          lazy.group(name('g')).members(),
          lazy.channel(name('a')).presence(),
        ])
        expect(states).toEqual(['connecting', 'connected'])
        stop()
        const early = await layer()
        await Promise.all([early.connect(), early.connect()])
        await early.connect()
        expect(early.stats().state).toBe('connected')
        await lazy.disconnect()
        expect(states).toEqual(['connecting', 'connected'])
        expect(lazy.stats().state).toBe('closed')
      },
    },
    {
      title: 'disconnect delivers what was published before it, then nothing',
      async run({ name, layers, expect }) {
        const [one, other] = await layers()
        const chat = one.channel(name('chat'))
        const own = await collect(chat)
        const there = await collect(other.channel(name('chat')))
        const publishing = upTo(1_000).map((n) => chat.publish(n))
        const elsewhere = upTo(10).map((n) => one.channel(name(`other-${n}`)).publish(n))
        const disconnecting = one.disconnect()
        const late = refusal(() => chat.publish('late'))
        const messages = await Promise.all(publishing)
        await Promise.all(elsewhere)
        await disconnecting
        expect(messages.at(-1)?.offset).toBe(1_000)
        expect(own.data()).toEqual(upTo(1_000))
        expect(await late).toBe('layer-closed')
        await other.channel(name('chat')).publish('after')
        expect(await there.count(1_001)).toEqual([...upTo(1_000), 'after'])
        await turns()
        expect(own.data().length).toBe(1_000)
      },
    },
    {
      title: 'disconnect lets a chain of callbacks end: publishes from callbacks are refused',
      async run({ name, layer, expect }) {
        const one = await layer()
        const chat = one.channel<number>(name('chat'))
        const refusals: unknown[] = []
        let heard = 0
        await chat.subscribe(({ data }) => {
          heard++
          chat.publish(data + 1).catch((error) => refusals.push(error.code))
        })
        await chat.publish(1)
        await until('the chain to run', () => heard > 100)
        await one.disconnect()
        const { length } = refusals
        expect(length).toBeGreaterThan(0)
        expect(new Set(refusals)).toEqual(new Set(['layer-closed']))
        const after = heard
        await turns()
        expect(heard).toBe(after)
      },
    },
    {
      title: 'a callback may disconnect the layer, awaited or not',
      async run({ name, layer, expect }) {
        for (const kind of ['sync', 'async']) {
          const one = await layer()
          const chat = one.channel(name(kind))
          let disconnected = false
          await chat.subscribe(async () => {
            const disconnecting = one.disconnect().then(() => {
              disconnected = true
            })
            if (kind === 'async') await disconnecting
          })
          const witness = await collect(chat)
          await Promise.all(upTo(3).map((n) => chat.publish(n).catch(() => {})))
          await until('the end', () => disconnected)
          expect(witness.data()[0]).toBe(1)
        }
      },
    },
    {
      title: 'after disconnect every call rejects with layer-closed; disconnecting again is fine',
      async run({ name, layer, expect }) {
        const one = await layer()
        const chat = one.channel(name('chat'))
        const { subscription } = await collect(chat, { userId: 'alice', joinPresence: true })
        const listening = await chat.onPresence(() => {})
        const group = one.group(name('group'))
        await Promise.all([one.disconnect(), one.disconnect()])
        await one.disconnect()
        const calls: Readonly<Record<string, () => unknown>> = {
          connect: () => one.connect(),
          publish: () => chat.publish(1),
          'publish ephemeral': () => chat.publish(1, { ephemeral: true }),
          'publish in a transaction': () => chat.publish(1, { tx: { query: async () => ({}) } }),
          transaction: () => one.transaction(() => {}),
          subscribe: () => chat.subscribe(() => {}),
          messages: () => chat.messages().ready,
          history: () => chat.history(),
          clearHistory: () => chat.clearHistory(),
          subscriberCount: () => chat.subscriberCount(),
          join: () => chat.join('alice'),
          leave: () => chat.leave('alice'),
          presence: () => chat.presence(),
          presenceCount: () => chat.presenceCount(),
          clearPresence: () => chat.clearPresence(),
          onPresence: () => chat.onPresence(() => {}),
          add: () => group.add(name('chat')),
          discard: () => group.discard(name('chat')),
          members: () => group.members(),
          size: () => group.size(),
          'group publish': () => group.publish(1),
          disconnectUser: () => one.disconnectUser('alice'),
          revoke: () => chat.revoke('alice'),
        }
        for (const [call, run] of Object.entries(calls)) {
          expect([call, await refusal(run)]).toEqual([call, 'layer-closed'])
        }
        // What gives something back is still welcome.
        await subscription.unsubscribe()
        await chat.unsubscribe(subscription)
        await listening.unsubscribe()
        expect(chat.localSubscriberCount).toBe(0)
        expect(one.stats().subscribers).toBe(0)
      },
    },
    {
      title: 'a layer that was never used disconnects, and stays closed',
      async run({ name, layer, expect }) {
        const one = await layer()
        await one[Symbol.asyncDispose]()
        expect(await refusal(() => one.channel(name('chat')).publish(1))).toBe('layer-closed')
        const hasty = await layer()
        const connecting = hasty.connect().then(
          () => 'connected',
          (error: unknown) => (error as { code?: string }).code,
        )
        await hasty.disconnect()
        expect(['connected', 'layer-closed']).toContain(await connecting)
        expect(hasty.stats().state).toBe('closed')
      },
    },
    {
      title: 'operations under way when the layer disconnects settle, one way or the other',
      async run({ name, layer, expect }) {
        const one = await layer()
        const chat = one.channel(name('chat'))
        await collect(chat)
        const calls = [
          ...upTo(20).map((n) => chat.publish(n)),
          chat.subscribe(() => {}, { userId: 'alice', joinPresence: true }),
          chat.subscribe(() => {}, { since: { epoch: '', offset: 0 } }),
          chat.join('bob'),
          chat.leave('bob'),
          chat.onPresence(() => {}),
          chat.history(),
          one.group(name('g')).add(name('chat')),
          one.group(name('g')).publish(1),
        ]
        const settling = Promise.allSettled(calls)
        await one.disconnect()
        for (const result of await settling) {
          const ok = result.status === 'fulfilled' || result.reason.code === 'layer-closed'
          expect(ok || String(result.reason)).toBe(true)
        }
        expect(one.stats().subscribers).toBe(0)
      },
    },
    {
      title: 'stats tell what is going on',
      async run({ name, layer, expect }) {
        const one = await layer()
        const seen = await collect(one.channel(name('a')))
        await collect(one.channel(name('b')))
        for (const n of upTo(3)) await one.channel(name('a')).publish(n)
        await seen.count(3)
        const { activeChannels, subscribers, sessions, published, resets, queued } = one.stats()
        expect({ activeChannels, subscribers, sessions, published, resets, queued }).toEqual({
          activeChannels: 2,
          subscribers: 2,
          sessions: 0,
          published: 3,
          resets: 0,
          queued: 0,
        })
        expect(typeof one.stats().backend).toBe('object')
      },
    },
    {
      title: 'stats count gaps, in all and by cause',
      async run({ name, faultyLayer, expect }) {
        const { layer, faulty } = await faultyLayer()
        const seen = await collect(layer.channel(name('chat')))
        const before = layer.stats()
        faulty.gap(null)
        faulty.gap(name('chat'))
        const { gaps, gapsBy } = layer.stats()
        expect(gapsBy['connection-lost'] - before.gapsBy['connection-lost']).toBe(2)
        expect(Object.values(gapsBy).reduce((sum, count) => sum + count)).toBe(gaps)
        await layer.channel(name('chat')).publish(1)
        await seen.count(1)
      },
    },
    {
      title: 'the layer of the whole program: set, got, and missed with a hint',
      async run({ layer, expect }) {
        setChannelLayer(undefined)
        expect(await refusal(() => getChannelLayer())).toBe('layer-not-set')
        const one = await layer()
        setChannelLayer(one)
        try {
          expect(getChannelLayer() === one).toBe(true)
        } finally {
          setChannelLayer(undefined)
        }
      },
    },
  ],
}
