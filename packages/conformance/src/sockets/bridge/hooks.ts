// Hooks: when they run, what they learn, and that their failures stay where they belong.

import type { Channel } from '@chan/core'
import type { Topic } from '../../cases.js'
import { turns, until } from '../../until.js'
import { encodeFrame } from '../frames.js'
import type { SocketScene } from '../scene.js'

export const hooks: Topic<SocketScene> = {
  name: 'bridge: hooks',
  cases: [
    {
      title: 'two tabs of one user: first and last, presence stays until the second is closed',
      async run({ bridge, connect, layer, expect }) {
        const log: unknown[] = []
        const server = await bridge({
          onConnect: (_channel, { first }) => log.push(['connect', first]),
          onDisconnect: (_channel, { last, code, reason }) => {
            log.push(['disconnect', last, code, reason])
          },
        })
        const channel = layer.channel('general')
        const one = await connect(server, '/ws/general?user=alice')
        await until('one', () => log.length === 1)
        const two = await connect(server, '/ws/general?user=alice')
        await until('two', () => log.length === 2)
        one.close(4000, 'tab')
        await until('one closed', () => server.results.length === 1)
        expect((await channel.presence()).map(({ userId }) => userId)).toEqual(['alice'])
        await channel.publish('still here')
        expect(await two.nextData()).toBe('still here')
        two.vanish()
        await until('two closed', () => server.results.length === 2)
        expect(await channel.presence()).toEqual([])
        expect(log).toEqual([
          ['connect', true],
          ['connect', false],
          ['disconnect', false, 4000, 'tab'],
          ['disconnect', true, 1006, ''],
        ])
      },
    },
    {
      title:
        'onDisconnect has finished before the promise settles, and presence was released before it',
      async run({ bridge, connect, expect }) {
        const log: unknown[] = []
        const server = await bridge((_request) => ({
          onDisconnect: async (channel) => {
            log.push((await channel.presence()).length, channel.localSubscriberCount)
            await new Promise((resolve) => setTimeout(resolve, 20))
            log.push(`results: ${server.results.length}`)
          },
        }))
        const client = await connect(server, '/ws/general?user=alice')
        await until('the bridge', () => server.channel('general').localSubscriberCount === 1)
        client.close()
        await until('the end', () => server.results.length === 1)
        expect(log).toEqual([0, 0, 'results: 0'])
      },
    },
    {
      title: 'onConnect comes after history; frames wait for it, and are handled in order',
      async run({ bridge, connect, layer, expect }) {
        await layer.channel('general').publish('history')
        let go = () => {}
        const log: string[] = []
        const server = await bridge((_request, socket) => ({
          onConnect: async () => {
            socket.send('connected')
            await new Promise<void>((resolve) => {
              go = resolve
            })
            log.push('connected')
          },
          onMessage: async (text) => {
            log.push(`begin ${text}`)
            await turns(5)
            log.push(`end ${text}`)
          },
        }))
        const early = Buffer.concat([encodeFrame('1'), encodeFrame('2')])
        const client = await connect(server, '/ws/general', { early })
        await client.until('the hook', () => client.received.includes('connected'))
        expect(JSON.parse(await client.next()).data).toBe('history')
        expect(await client.next()).toBe('connected')
        client.send('3')
        await turns()
        expect(log).toEqual([])
        go()
        await until('all', () => log.length === 7)
        expect(log).toEqual([
          'connected',
          ...['1', '2', '3'].flatMap((n) => [`begin ${n}`, `end ${n}`]),
        ])
      },
    },
    {
      title: 'what arrived before the peer closed is handled before onDisconnect',
      async run({ bridge, enter, expect }) {
        const log: string[] = []
        const server = await bridge({
          onMessage: async (text) => {
            await turns(5)
            log.push(text)
          },
          onDisconnect: () => log.push('disconnected'),
        })
        const client = await enter(server)
        for (const text of ['1', '2', '3']) client.send(text)
        client.close()
        await until('the end', () => server.results.length === 1)
        expect(log).toEqual(['1', '2', '3', 'disconnected'])
      },
    },
    {
      title: 'frames that wait are bounded: above it 1008',
      async run({ bridge, enter, expect }) {
        const log: string[] = []
        let finish = () => {}
        const server = await bridge(
          {
            onMessage: async (text) => {
              log.push(text)
              await new Promise<void>((resolve) => {
                finish = resolve
              })
            },
          },
          { maxQueuedFrames: 10 },
        )
        const client = await enter(server)
        for (let i = 0; i < 12; i++) client.send(`${i}`)
        expect((await client.closed()).code).toBe(1008)
        finish()
        await until('the end', () => server.results.length === 1)
        expect(log).toEqual(['0'])
      },
    },
    {
      title: 'a hook that hangs delays the release of presence by closeTimeoutMs at most',
      async run({ bridge, connect, layer, expect }) {
        const ended: boolean[] = []
        const server = await bridge(
          ({ query }) => {
            const hang = () => new Promise(() => {})
            const onDisconnect = () => ended.push(true)
            return query.has('connect')
              ? { onConnect: hang, onDisconnect }
              : { onMessage: hang, onDisconnect }
          },
          { closeTimeoutMs: 100 },
        )
        const channel = layer.channel('general')
        const one = await connect(server, '/ws/general?user=alice&connect')
        const two = await connect(server, '/ws/general?user=bob')
        two.send('hang')
        await until('both', async () => (await channel.presence()).length === 2)
        await turns()
        one.close()
        two.close()
        await until('both ends', () => server.results.length === 2)
        expect(ended).toEqual([true, true])
        expect(await channel.presence()).toEqual([])
      },
    },
    {
      title: 'a failing onConnect closes 1011, and onDisconnect still runs',
      async run({ bridge, connect, expect, reported }) {
        const log: string[] = []
        const server = await bridge({
          onConnect: () => {
            throw new Error('no room')
          },
          onMessage: (text) => log.push(text),
          onDisconnect: (_channel, { code }) => log.push(`disconnected ${code}`),
        })
        const client = await connect(server, '/ws/general?user=alice', { early: encodeFrame('x') })
        expect((await client.closed()).code).toBe(1011)
        await until('the end', () => server.results.length === 1)
        expect(log).toEqual(['disconnected 1011'])
        expect(reported).toEqual([{ operation: 'onConnect', message: 'no room' }])
        expect(await server.channel('general').presence()).toEqual([])
      },
    },
    {
      title:
        'a failing onMessage or onDisconnect is reported; the socket stays, the promise settles',
      async run({ bridge, connect, expect, reported }) {
        const log: string[] = []
        const server = await bridge({
          onMessage: (text) => {
            log.push(text)
            if (text === 'sync') throw new Error('sync')
            if (text === 'async') return Promise.reject(new Error('async'))
          },
          onDisconnect: () => Promise.reject(new Error('late')),
        })
        const client = await connect(server)
        for (const text of ['sync', 'async', 'fine']) client.send(text)
        await until('all', () => log.length === 3)
        client.close()
        await until('the end', () => server.results.length === 1)
        expect(reported).toEqual([
          { operation: 'onMessage', message: 'sync' },
          { operation: 'onMessage', message: 'async' },
          { operation: 'onDisconnect', message: 'late' },
        ])
      },
    },
    {
      title: 'the channel of a hook is bound: join updates, leave releases only this connection',
      async run({ bridge, connect, layer, expect }) {
        const bound: Channel[] = []
        const server = await bridge({
          metadata: { tab: 0 },
          onConnect: (channel) => bound.push(channel),
        })
        const channel = layer.channel('general')
        await connect(server, '/ws/general?user=alice')
        await until('one', () => bound.length === 1)
        const [before] = await channel.presence()
        await connect(server, '/ws/general?user=alice')
        await until('two', () => bound.length === 2)
        await bound[0]?.join('alice', { tab: 1 })
        const [after] = await channel.presence()
        expect(after).toEqual({ tab: 1, userId: 'alice', joinedAt: before?.joinedAt })
        await bound[0]?.leave('alice')
        expect(await channel.presenceCount()).toBe(1)
        await bound[1]?.leave('alice')
        expect(await channel.presenceCount()).toBe(0)
      },
    },
    {
      title: 'whom a hook joins leaves with the connection, even if it joins after its end',
      async run({ bridge, connect, layer, expect, reported }) {
        const bound: Channel[] = []
        const server = await bridge({
          onConnect: async (channel) => {
            bound.push(channel)
            await channel.join('late')
          },
          onDisconnect: (channel) => channel.join('too late'),
        })
        const channel = layer.channel('general')
        const client = await connect(server)
        await until('the join', async () => (await channel.presenceCount()) === 1)
        client.close()
        await until('the end', () => server.results.length === 1)
        await bound[0]?.join('much too late')
        await until('nobody', async () => (await channel.presenceCount()) === 0)
        expect(reported).toEqual([])
      },
    },
  ],
}
