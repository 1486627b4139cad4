// Who may be bridged, and who is sent away later.

import { type BridgeResult, websocketChannelHandler } from '@chan/sockets'
import type { Topic } from '../../cases.js'
import { turns, until } from '../../until.js'
import { encodeFrame } from '../frames.js'
import type { SocketScene } from '../scene.js'

export const access: Topic<SocketScene> = {
  name: 'bridge: access',
  cases: [
    {
      title: 'a denied socket closes 1008, sees nothing, fires no hook, leaves nothing',
      async run({ bridge, connect, layer, expect, reported }) {
        const log: string[] = []
        layer.define('private:*', { authFn: async () => false })
        await layer.channel('private:staff').publish('secret')
        const server = await bridge({
          groups: ['all'],
          onConnect: () => log.push('connect'),
          onMessage: () => log.push('message'),
          onDisconnect: () => log.push('disconnect'),
        })
        const early = encodeFrame('hello')
        const client = await connect(server, '/ws/private:staff?user=hacker', { early })
        expect((await client.closed()).code).toBe(1008)
        await until('the end', () => server.results.length === 1)
        expect(server.results[0]?.denied).toBe(true)
        expect(server.results[0]?.code).toBe(1008)
        expect(client.received).toEqual([])
        expect(log).toEqual([])
        const channel = layer.channel('private:staff')
        expect(channel.localSubscriberCount).toBe(0)
        expect(await channel.presence()).toEqual([])
        expect((await channel.history()).length).toBe(1)
        expect(await layer.group('all').size()).toBe(0)
        expect(reported).toEqual([])
      },
    },
    {
      title: 'an authFn that throws denies, and is reported',
      async run({ bridge, connect, layer, expect, reported }) {
        layer.channel('general', {
          authFn: () => {
            throw new Error('database down')
          },
        })
        const server = await bridge()
        const client = await connect(server)
        expect((await client.closed()).code).toBe(1008)
        await until('the end', () => server.results.length === 1)
        expect(server.results[0]?.denied).toBe(true)
        expect(reported).toEqual([{ operation: 'auth', message: 'database down' }])
      },
    },
    {
      title: 'a socket that closes while authFn is pending leaves nothing behind',
      async run({ bridge, connect, layer, expect, reported }) {
        const answers: ((allowed: boolean) => void)[] = []
        layer.channel('general', {
          authFn: () => new Promise<boolean>((resolve) => answers.push(resolve)),
        })
        const log: string[] = []
        const server = await bridge({
          groups: ['all'],
          onConnect: () => log.push('connect'),
          onDisconnect: () => log.push('disconnect'),
        })
        const allowed = await connect(server, '/ws/general?user=alice')
        const refused = await connect(server, '/ws/general?user=bob')
        await until('two questions', () => answers.length === 2)
        allowed.close()
        refused.vanish()
        // Nobody waits for the answers.
        await until('the ends', () => server.results.length === 2)
        answers[0]?.(true)
        answers[1]?.(false)
        await turns()
        const channel = layer.channel('general')
        expect(channel.localSubscriberCount).toBe(0)
        expect(await channel.presence()).toEqual([])
        expect(await layer.group('all').size()).toBe(0)
        expect(layer.stats().sessions).toBe(0)
        expect(server.results.map(({ denied }) => denied)).toEqual([false, false])
        expect(log).toEqual([])
        expect(reported).toEqual([])
      },
    },
    {
      title: 'a user id or metadata that cannot be used is closed with 1008 and reported',
      async run({ bridge, connect, layer, expect, reported }) {
        const log: string[] = []
        const server = await bridge(({ query }) => ({
          ...(query.has('large') && { metadata: { name: 'x'.repeat(5_000) } }),
          onConnect: () => log.push('connect'),
          onDisconnect: () => log.push('disconnect'),
        }))
        for (const query of [
          'user=',
          `user=${'x'.repeat(300)}`,
          'user=a%00b',
          'user=alice&large',
        ]) {
          const client = await connect(server, `/ws/general?${query}`)
          expect((await client.closed()).code).toBe(1008)
        }
        await until('the ends', () => server.results.length === 4)
        expect(server.results.some(({ denied }) => denied)).toBe(false)
        expect(log).toEqual([])
        expect(reported.map(({ operation }) => operation)).toEqual(Array(4).fill('connect'))
        expect(await layer.channel('general').presence()).toEqual([])
      },
    },
    {
      title: 'options that make no sense are reported and close 1011',
      async run({ bridge, connect, expect, reported }) {
        const server = await bridge({ sendHistory: -1 })
        const client = await connect(server)
        expect((await client.closed()).code).toBe(1011)
        await until('the end', () => server.results.length === 1)
        expect(reported.map(({ operation }) => operation)).toEqual(['connect'])
      },
    },
    {
      title: 'a second bridge on one socket rejects and does not disturb the first',
      async run({ serve, connect, layer, expect }) {
        const refusals: unknown[] = []
        const results: BridgeResult[] = []
        const server = await serve()
        server.router.route('/ws', async (socket) => {
          const first = websocketChannelHandler(socket, layer.channel('one'))
          await websocketChannelHandler(socket, layer.channel('two')).catch((error) => {
            refusals.push(error.code)
          })
          results.push(await first)
        })
        const client = await connect(server, '/ws')
        client.send('hello')
        expect(JSON.parse(await client.next()).channel).toBe('one')
        client.close()
        await until('the end', () => results.length === 1)
        expect(refusals).toEqual(['invalid-option'])
      },
    },
    {
      title: 'disconnectUser closes the sockets of that user with 1008, and no others',
      async run({ bridge, connect, layer, expect }) {
        const server = await bridge()
        const alice = [
          await connect(server, '/ws/general?user=alice'),
          await connect(server, '/ws/other?user=alice'),
        ]
        const bob = await connect(server, '/ws/general?user=bob')
        await until('three sessions', () => layer.stats().sessions === 3)
        await layer.disconnectUser('alice')
        for (const client of alice) expect((await client.closed()).code).toBe(1008)
        await until('two ends', () => server.results.length === 2)
        expect(bob.isOver).toBe(false)
        const present = await layer.channel('general').presence()
        expect(present.map(({ userId }) => userId)).toEqual(['bob'])
      },
    },
    {
      title: 'a layer that disconnects closes its sockets with 1012, new ones too',
      async run({ bridge, connect, layer, expect }) {
        const server = await bridge()
        const client = await connect(server, '/ws/general?user=alice')
        await until('the bridge', () => layer.stats().sessions === 1)
        await layer.disconnect()
        expect((await client.closed()).code).toBe(1012)
        const late = await connect(server, '/ws/general?user=alice')
        expect((await late.closed()).code).toBe(1012)
        await until('both ends', () => server.results.length === 2)
      },
    },
  ],
}
