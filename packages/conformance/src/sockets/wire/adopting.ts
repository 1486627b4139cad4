// Sockets that another framework accepted.

import { type BridgeResult, websocketChannelHandler } from '@chan/sockets'
import type { Topic } from '../../cases.js'
import { until } from '../../until.js'
import type { SocketScene } from '../scene.js'

export const adopting: Topic<SocketScene> = {
  name: 'adopting',
  cases: [
    {
      title: 'an adopted socket is bridged like any other',
      async run({ adopting, connect, layer, expect }) {
        const results: BridgeResult[] = []
        const channel = layer.channel('general')
        const server = await adopting(async (socket) => {
          results.push(await websocketChannelHandler(socket, channel, { userId: 'alice' }))
        })
        const client = await connect(server, '/anything')
        client.send('hello')
        expect(await client.nextData()).toBe('hello')
        client.send('x', { opcode: 2 })
        expect((await client.closed()).code).toBe(1003)
        await until('the end', () => results.length === 1)
        expect(results).toEqual([
          { code: 1003, reason: 'binary frames are not understood', denied: false },
        ])
        expect(channel.localSubscriberCount).toBe(0)
        expect(await channel.presence()).toEqual([])
      },
    },
    {
      title: 'an adopted socket of a foreign origin is closed with 1008',
      async run({ adopting, connect, layer, expect }) {
        const results: BridgeResult[] = []
        const server = await adopting(async (socket) => {
          results.push(await websocketChannelHandler(socket, layer.channel('general')))
        })
        const headers = { Origin: 'https://evil.example' }
        const client = await connect(server, '/anything', { headers })
        expect((await client.closed()).code).toBe(1008)
        await until('the end', () => results.length === 1)
        expect(results[0]?.code).toBe(1008)
      },
    },
    {
      title: 'an adopted socket has a heartbeat and limits',
      async run({ adopting, connect, layer, expect }) {
        const results: BridgeResult[] = []
        const server = await adopting(
          async (socket) => {
            results.push(await websocketChannelHandler(socket, layer.channel('general')))
          },
          { pingIntervalMs: 100, pongTimeoutMs: 100, maxPayloadBytes: 10 },
        )
        const large = await connect(server, '/anything')
        large.send('x'.repeat(11))
        expect((await large.closed()).code).toBe(1009)
        const silent = await connect(server, '/anything')
        silent.polite = false
        silent.socket.pause()
        await until('both ends', () => results.length === 2)
        expect(results.map(({ code }) => code)).toEqual([1009, 1006])
      },
    },
  ],
}
