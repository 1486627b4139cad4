// A peer that pings: the transport answers by itself, and what it answers counts like anything else.

import type { ChannelSocket } from '@chan/sockets'
import type { Topic } from '../../cases.js'
import { turns, until } from '../../until.js'
import type { RawClient } from '../raw-client.js'
import type { SocketScene } from '../scene.js'

const KIB = 1024
const BOUND = 1000
/** The longest that a ping may be. */
const LONG = 'x'.repeat(125)

/** Pings until pongs wait for the peer, which does not read. Nothing else was sent to it. */
async function pile(client: RawClient, socket: ChannelSocket | undefined): Promise<void> {
  client.socket.pause()
  const deadline = performance.now() + 20_000
  while ((socket?.bufferedBytes ?? 0) < BOUND / 2) {
    if (performance.now() > deadline) throw new Error('nothing waits for a peer that does not read')
    client.ping(LONG, 50)
    await turns(5)
  }
}

export const pings: Topic<SocketScene> = {
  name: 'pings',
  cases: [
    {
      title: 'S4 drain comes where only pongs waited: what was left out for them goes on',
      async run({ bridge, enter, layer, expect }) {
        const server = await bridge({}, { maxBufferedBytes: BOUND })
        const channel = layer.channel('general', { slowConsumer: 'drop' })
        const client = await enter(server)
        await pile(client, server.sockets[0])
        await channel.publish('x'.repeat(BOUND))
        await until('it to be left out', () => layer.stats().slowConsumers.dropped === 1)
        client.socket.resume()
        await until('all pongs to leave', () => server.sockets[0]?.bufferedBytes === 0)
        await turns()
        await channel.publish('back')
        expect(await client.nextData()).toBe('back')
        expect(client.isOver).toBe(false)
      },
    },
    {
      title: 'S4 drain comes where only pongs waited: what came meanwhile follows them',
      async run({ bridge, enter, layer, expect }) {
        const server = await bridge({}, { maxBufferedBytes: BOUND })
        const channel = layer.channel('general', {
          slowConsumer: 'conflate',
          conflateKey: () => 'one',
        })
        const client = await enter(server)
        await pile(client, server.sockets[0])
        // Within the bound by itself, and above it with the pongs.
        const text = (n: number) => `${n} ${'x'.repeat(BOUND / 2)}`
        for (let n = 0; n < 3; n++) {
          await channel.publish(text(n))
          await turns()
        }
        expect(layer.stats().slowConsumers.conflated).toBe(2)
        client.socket.resume()
        expect(await client.nextData()).toBe(text(2))
      },
    },
    {
      title: 'S11 a peer that pings without end and reads nothing is bounded, and ended',
      async run({ bridge, enter, layer, expect }) {
        const maxBufferedBytes = 256 * KIB
        const server = await bridge({}, { maxBufferedBytes, closeTimeoutMs: 60_000 })
        const flooding = await enter(server)
        const healthy = await enter(server)
        flooding.socket.pause()
        let most = 0
        let isFull = false
        flooding.socket.on('drain', () => {
          isFull = false
        })
        const deadline = performance.now() + 20_000
        const look = () => {
          most = Math.max(most, server.sockets[0]?.bufferedBytes ?? 0)
          return server.results.length > 0 && server.router.size === 1
        }
        while (!look() && performance.now() < deadline) {
          if (!isFull) flooding.ping(LONG, 500)
          isFull = flooding.socket.writableLength > 0
          await turns(1)
        }
        expect(server.router.size).toBe(1)
        expect(most).toBeLessThan(maxBufferedBytes + 128 * KIB)
        // Whether a transport drops it by itself before the bound is its own affair.
        expect([1006, 1013]).toContain(server.results[0]?.code)
        await layer.channel('general').publish('to the others')
        expect(await healthy.nextData()).toBe('to the others')
      },
    },
    {
      title: 'S11 a peer that pings a lot and reads is answered every time, and stays',
      async run({ bridge, enter, layer, expect }) {
        const server = await bridge({}, { maxBufferedBytes: 4 * KIB })
        const client = await enter(server)
        for (let round = 0; round < 20; round++) {
          client.ping(`${round}`, 200)
          await client.until('its pongs', () => client.pongs.length === 200 * (round + 1))
        }
        expect(client.pongs).toEqual(
          Array.from({ length: 4000 }, (_, n) => `${Math.floor(n / 200)}`),
        )
        await layer.channel('general').publish('still there')
        expect(await client.nextData()).toBe('still there')
        expect(server.results).toEqual([])
      },
    },
  ],
}
