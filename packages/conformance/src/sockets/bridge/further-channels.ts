// More than one channel on a socket: forwards and groups.

import type { Topic } from '../../cases.js'
import { until } from '../../until.js'
import type { SocketScene } from '../scene.js'

export const furtherChannels: Topic<SocketScene> = {
  name: 'bridge: further channels',
  cases: [
    {
      title: 'a forwarded channel reaches the socket in the same shape, and ends with it',
      async run({ bridge, connect, layer, expect }) {
        const direct = layer.channel('user:alice', { authFn: (_name, user) => user === 'alice' })
        await direct.publish('before')
        const server = await bridge((_request, socket) => ({
          onConnect: async () => {
            await socket.forward(direct, { userId: 'alice' })
          },
        }))
        const client = await connect(server, '/ws/general?user=alice')
        await until('the forward', () => direct.localSubscriberCount === 1)
        const message = await direct.publish('psst', { sender: 'bob' })
        expect(await client.next()).toBe(message.toJson())
        expect(await direct.presence()).toEqual([])
        client.close()
        await until('the end', () => server.results.length === 1)
        await until('the forward to end', () => direct.localSubscriberCount === 0)
      },
    },
    {
      title: 'a forward that is denied rejects, and nothing is left',
      async run({ bridge, connect, layer, expect }) {
        const log: unknown[] = []
        layer.define('user:{id}', { authFn: () => false })
        const server = await bridge((_request, socket) => ({
          onConnect: async () => {
            await socket.forward(layer.channel('user:bob'), { userId: 'alice' }).catch((error) => {
              log.push(error.code, error.message)
            })
          },
        }))
        await connect(server)
        await until('the refusal', () => log.length > 0)
        expect(log).toEqual([
          'permission-denied',
          "User 'alice' not authorized for channel 'user:bob'",
        ])
        expect(layer.channel('user:bob').localSubscriberCount).toBe(0)
      },
    },
    {
      title: 'a socket that closes while its forward is being authorised keeps no subscription',
      async run({ bridge, enter, layer, expect, reported }) {
        let answer = (_allowed: boolean) => {}
        const direct = layer.channel('user:alice', {
          authFn: () =>
            new Promise<boolean>((resolve) => {
              answer = resolve
            }),
        })
        let forwarded = false
        const server = await bridge((_request, socket) => ({
          onConnect: () => {
            void socket.forward(direct, { userId: 'alice' }).then(async (forward) => {
              forwarded = true
              await forward.unsubscribe()
            })
          },
        }))
        const client = await enter(server)
        client.close()
        await until('the end', () => server.results.length === 1)
        answer(true)
        await until('the forward', () => forwarded)
        await until('nothing', () => direct.localSubscriberCount === 0)
        expect(layer.stats().sessions).toBe(0)
        const [socket] = server.sockets
        await socket?.forward(direct)
        expect(direct.localSubscriberCount).toBe(0)
        expect(reported).toEqual([])
      },
    },
    {
      title: 'disconnectUser also reaches a socket that only forwards as that user',
      async run({ bridge, connect, layer, expect }) {
        const server = await bridge((_request, socket) => ({
          onConnect: () => socket.forward(layer.channel('user:alice'), { userId: 'alice' }),
        }))
        const client = await connect(server, '/ws/general')
        await until('the forward', () => layer.channel('user:alice').localSubscriberCount === 1)
        await layer.disconnectUser('alice')
        expect((await client.closed()).code).toBe(1008)
      },
    },
    {
      title: 'groups: a channel is a member while any connection holds it',
      async run({ bridge, connect, layer, expect }) {
        const group = layer.group('all')
        const server = await bridge({ groups: ['all', layer.group('vips')], receiveOnly: true })
        const one = await connect(server, '/ws/user:alice?user=alice')
        const two = await connect(server, '/ws/user:alice?user=alice')
        const bob = await connect(server, '/ws/user:bob?user=bob')
        await until('all bridges', () => server.greeted() === 3)
        expect(await group.size()).toBe(2)
        expect(await layer.group('vips').members()).toEqual(new Set(['user:alice', 'user:bob']))
        expect(await group.publish('to all')).toBe(2)
        for (const client of [one, two, bob]) expect(await client.nextData()).toBe('to all')
        one.close()
        await until('one end', () => server.results.length === 1)
        expect(await group.size()).toBe(2)
        expect(await group.publish('again')).toBe(2)
        expect(await two.nextData()).toBe('again')
        two.vanish()
        await until('two ends', () => server.results.length === 2)
        expect(await group.members()).toEqual(new Set(['user:bob']))
        expect(one.data).toEqual(['to all'])
      },
    },
    {
      title: 'a membership made with add() survives the connections',
      async run({ bridge, connect, layer, expect }) {
        const group = layer.group('all')
        await group.add('user:alice')
        const server = await bridge({ groups: ['all'] })
        const client = await connect(server, '/ws/user:alice')
        await until('the bridge', () => layer.channel('user:alice').localSubscriberCount === 1)
        client.close()
        await until('the end', () => server.results.length === 1)
        expect(await group.members()).toEqual(new Set(['user:alice']))
      },
    },
  ],
}
