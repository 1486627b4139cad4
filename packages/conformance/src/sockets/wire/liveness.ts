// Which peers are alive: while bytes wait, those whom some of them leave; else those who answer.

import type { Topic } from '../../cases.js'
import { until } from '../../until.js'
import { PAD } from '../bridge/stalled.js'
import type { SocketScene } from '../scene.js'

/**
 * A peer that only answers pings would be lost after a tenth of a second. The kernel takes megabytes at a
 * time, so bytes leave in lumps.
 */
const SHORT = { pingIntervalMs: 60, pongTimeoutMs: 40, stallTimeoutMs: 800, closeTimeoutMs: 200 }

export const liveness: Topic<SocketScene> = {
  name: 'liveness',
  cases: [
    {
      title: 'a peer that reads steadily but slowly lives, though pings stand behind what waits',
      async run({ bridge, enter, layer, expect }) {
        const server = await bridge({}, { ...SHORT, maxBufferedBytes: 2 ** 26 })
        const client = await enter(server)
        client.polite = false
        client.socket.pause()
        const channel = layer.channel('general')
        const [socket] = server.sockets
        let sent = 0
        while ((socket?.bufferedBytes ?? 0) < 24 * 2 ** 20) {
          await channel.publish({ n: sent++, pad: PAD })
          await new Promise((resolve) => setImmediate(resolve))
        }
        // A chunk at a time, over many times what a silent peer is given.
        client.socket.on('data', () => client.socket.pause())
        const since = performance.now()
        while (performance.now() < since + 2_000 && !client.isOver) {
          client.socket.resume()
          await new Promise((resolve) => setTimeout(resolve, 10))
        }
        expect(socket?.bufferedBytes).toBeGreaterThan(0)
        expect(client.isOver).toBe(false)
        client.polite = true
        client.socket.on('pause', () => client.socket.resume())
        client.socket.resume()
        await client.until('everything', () => client.received.length === sent)
      },
    },
    {
      title:
        'a peer that reads nothing is closed with 1013 after stallTimeoutMs, whatever it sends',
      async run({ bridge, enter, layer, expect }) {
        const server = await bridge(
          { receiveOnly: false, onMessage: () => {} },
          { ...SHORT, maxBufferedBytes: 2 ** 26 },
        )
        const client = await enter(server)
        client.socket.pause()
        const channel = layer.channel('general')
        while ((server.sockets[0]?.bufferedBytes ?? 0) < 2 ** 20) {
          await channel.publish(PAD)
          await new Promise((resolve) => setImmediate(resolve))
        }
        const since = performance.now()
        const talking = setInterval(() => client.socket.destroyed || client.send('I am here'), 50)
        await until('the end', () => server.results.length === 1).finally(() =>
          clearInterval(talking),
        )
        expect(server.results[0]?.code).toBe(1013)
        expect(performance.now() - since).toBeGreaterThan(SHORT.stallTimeoutMs / 2)
        client.socket.destroy()
      },
    },
  ],
}
