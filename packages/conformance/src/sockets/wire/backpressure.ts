// A peer that does not read: the truth about it, the bound, and that nobody else suffers.

import type { ChannelSocket } from '@chan/sockets'
import type { Topic } from '../../cases.js'
import { until } from '../../until.js'
import type { SocketScene } from '../scene.js'

const MIB = 2 ** 20
const BLOCK = 'x'.repeat(64 * 1024)

export const backpressure: Topic<SocketScene> = {
  name: 'backpressure',
  cases: [
    {
      title: 'S3 a stalled peer is `buffered`, and its bytes are counted until they are gone',
      async run({ serve, connect, expect }) {
        const server = await serve({ maxBufferedBytes: 64 * 1024 * 1024 })
        let socket: ChannelSocket | undefined
        server.router.route('/ws', (given) => {
          socket = given
        })
        const client = await connect(server, '/ws')
        await until('the socket', () => socket !== undefined)
        if (!socket) return
        client.socket.pause()
        let sent = 0
        const deadline = performance.now() + 10_000
        // The kernel takes the first megabytes.
        while (socket.bufferedBytes < 2 ** 20 && performance.now() < deadline) {
          const outcome = socket.send(`${sent++}${BLOCK}`)
          expect(['sent', 'buffered']).toContain(outcome)
          if (outcome === 'sent') expect(socket.bufferedBytes).toBe(0)
          else expect(socket.bufferedBytes).toBeGreaterThan(0)
          await new Promise((resolve) => setImmediate(resolve))
        }
        expect(socket.bufferedBytes).toBeGreaterThan(2 ** 20 - 1)
        client.socket.resume()
        await client.until('everything', () => client.received.length === sent)
        expect(client.received.map((text) => Number.parseInt(text, 10))).toEqual(
          Array.from({ length: sent }, (_, i) => i),
        )
        const { bufferedBytes } = socket
        expect(bufferedBytes).toBe(0)
      },
    },
    {
      title: 'S4 drain comes: history larger than the bound is sent at the pace of the peer',
      async run({ bridge, connect, layer, expect }) {
        const server = await bridge({}, { maxBufferedBytes: 256 * 1024 })
        const count = 100
        const channel = layer.channel('general', { maxHistory: count })
        for (let i = 0; i < count; i++) await channel.publish(`${i} ${BLOCK}`)
        const client = await connect(server)
        client.socket.pause()
        await until('a full buffer', () => (server.sockets[0]?.bufferedBytes ?? 0) > 0)
        await channel.publish('live')
        await new Promise((resolve) => setTimeout(resolve, 50))
        expect(server.sockets[0]?.bufferedBytes ?? 0).toBeLessThan(512 * 1024)
        client.socket.resume()
        await client.until('everything', () => client.received.length > count)
        await channel.publish('later')
        await client.until('everything', () => client.received.length > count + 1)
        expect(client.data.map((data) => String(data).split(' ')[0])).toEqual([
          ...Array.from({ length: count }, (_, i) => `${i}`),
          'live',
          'later',
        ])
      },
    },
    {
      title: 'S4 what is sent because of a drain is written in the end, however long it is',
      async run({ bridge, connect, layer, expect }) {
        const [maxBufferedBytes, count] = [100_000, 150]
        const server = await bridge({}, { maxBufferedBytes })
        const channel = layer.channel('general', { maxHistory: count })
        for (let i = 0; i < count; i++) await channel.publish('x'.repeat(60_000))
        for (let round = 0; round < 6; round++) {
          const client = await connect(server)
          client.socket.pause()
          await until('something to wait', () => (server.sockets.at(-1)?.bufferedBytes ?? 0) > 0)
          client.socket.resume()
          await client.until('everything', () => client.received.length === count)
          expect(client.isOver).toBe(false)
          client.vanish()
        }
      },
    },
    {
      title: 'S4 drain comes before everything has left: who sends goes on while the rest waits',
      async run({ bridge, connect, layer, expect }) {
        // Much more than the kernel takes at once.
        const [maxBufferedBytes, count] = [32 * MIB, 24]
        const block = 'x'.repeat(MIB - 1000)
        const waiting: number[] = []
        const server = await bridge(
          (_request, socket) => ({ filterFn: () => waiting.push(socket.bufferedBytes) > 0 }),
          { maxBufferedBytes },
        )
        const channel = layer.channel('general', { maxHistory: count })
        for (let i = 0; i < count; i++) await channel.publish(block)
        const client = await connect(server)
        client.socket.pause()
        await until('a full buffer', () => Math.max(...waiting) > maxBufferedBytes / 4 - 2 * MIB)
        await new Promise((resolve) => setTimeout(resolve, 100))
        const sent = waiting.length
        expect(sent).toBeLessThan(count)
        client.socket.resume()
        await client.until('everything', () => client.received.length === count)
        expect(waiting[sent]).toBeGreaterThan(0)
      },
    },
    {
      title: 'a slow consumer is closed with 1013, and the others do not notice',
      async run({ bridge, connect, layer, expect }) {
        const ends: number[] = []
        const server = await bridge(
          { onDisconnect: (_channel, { code }) => ends.push(code) },
          { closeTimeoutMs: 200 },
        )
        const stalled = await connect(server)
        const healthy = await connect(server)
        const channel = layer.channel('general')
        await until('both bridges', () => channel.localSubscriberCount === 2)
        stalled.socket.pause()
        let sent = 0
        const deadline = performance.now() + 20_000
        while (ends.length === 0 && performance.now() < deadline) {
          await channel.publish(`${sent++} ${BLOCK}`)
          await new Promise((resolve) => setImmediate(resolve))
          const buffered = Math.max(...server.sockets.map((socket) => socket.bufferedBytes))
          expect(buffered).toBeLessThan(1.5 * 2 ** 20)
        }
        expect(ends).toEqual([1013])
        await until('it to be gone', () => server.router.size === 1)
        await channel.publish('last')
        await healthy.until('everything', () => healthy.received.length === sent + 1)
        expect(healthy.isOver).toBe(false)
      },
    },
  ],
}
