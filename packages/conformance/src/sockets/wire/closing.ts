// Every way a connection ends, and that it ends once.

import type { Topic } from '../../cases.js'
import { turns, until } from '../../until.js'
import { Opcode } from '../frames.js'
import type { RawClient } from '../raw-client.js'
import type { SocketScene } from '../scene.js'

export const closing: Topic<SocketScene> = {
  name: 'closing',
  cases: [
    ...once('the peer closes', 4321, (client) => client.close(4321, 'bye')),
    ...once('the peer closes without a status', 1005, (client) => {
      client.send('', { opcode: Opcode.close })
    }),
    ...once('the peer ends the stream without a close frame', 1006, (client) => {
      client.socket.end()
    }),
    ...once('the peer resets the connection', 1006, (client) => client.vanish()),
    ...once('the peer closes twice and then resets', 1000, (client) => {
      client.close(1000)
      client.close(1001)
      client.socket.end()
    }),
    ...once('the server closes', 4000, (_client, socket) => socket.close(4000, 'enough')),
    ...once('both close at once', 4000, (client, socket) => {
      socket.close(4000, 'enough')
      client.close(1000)
    }),
    {
      title: 'S3 send tells the truth and never throws, also after close',
      async run({ serve, connect, expect }) {
        const outcomes: string[] = []
        const server = await serve()
        server.router.route('/ws', async (socket) => {
          outcomes.push(socket.send('one'))
          socket.close(1000)
          outcomes.push(socket.send('two'))
          await new Promise((resolve) => setTimeout(resolve, 50))
          outcomes.push(socket.send('three'))
          socket.close(1000)
        })
        const client = await connect(server, '/ws')
        expect(await client.closed()).toEqual({ code: 1000, reason: '' })
        await until('three outcomes', () => outcomes.length === 3)
        expect(outcomes.slice(1)).toEqual(['dropped', 'dropped'])
        expect(['sent', 'buffered']).toContain(outcomes[0])
        expect(client.received).toEqual(['one'])
      },
    },
    {
      title: 'what was sent before a close arrives before it',
      async run({ serve, connect, expect }) {
        const server = await serve()
        server.router.route('/ws', (socket) => {
          for (let i = 0; i < 100; i++) socket.send(`${i}`)
          socket.close(4001, 'done')
        })
        const client = await connect(server, '/ws')
        expect(await client.closed()).toEqual({ code: 4001, reason: 'done' })
        expect(client.received).toEqual(Array.from({ length: 100 }, (_, i) => `${i}`))
      },
    },
    {
      title: 'a peer that does not answer the closing handshake is dropped',
      async run({ bridge, connect, expect }) {
        const server = await bridge({}, { closeTimeoutMs: 100 })
        const client = await connect(server)
        client.polite = false
        await until('the socket', () => server.sockets.length === 1)
        server.sockets[0]?.close(4000, 'enough')
        await client.closed()
        await until('the end', () => server.router.size === 0)
        expect(server.results).toEqual([{ code: 4000, reason: 'enough', denied: false }])
      },
    },
    {
      title: 'a half-open connection is found by its heartbeat',
      async run({ bridge, connect, expect }) {
        const server = await bridge({}, { pingIntervalMs: 100, pongTimeoutMs: 100 })
        const client = await connect(server)
        client.polite = false
        client.socket.pause()
        await until('the end', () => server.results.length === 1)
        expect(server.results[0]?.code).toBe(1006)
        expect(server.router.size).toBe(0)
      },
    },
    {
      title: 'a quiet peer that answers pings stays',
      async run({ bridge, connect, expect }) {
        const server = await bridge({}, { pingIntervalMs: 50, pongTimeoutMs: 50 })
        const client = await connect(server)
        await client.until('five pings', () => client.pings >= 5)
        expect(server.results).toEqual([])
        expect(client.isOver).toBe(false)
      },
    },
    {
      title: 'close(): 1012 to everybody, 503 to newcomers, done when all are gone',
      async run({ bridge, connect, expect }) {
        const left: unknown[] = []
        const server = await bridge({
          onDisconnect: async (_channel, { code }) => {
            await new Promise((resolve) => setTimeout(resolve, 30))
            left.push(code)
          },
        })
        const clients = [await connect(server), await connect(server), await connect(server)]
        await until('three bridges', () => server.channel('general').localSubscriberCount === 3)
        const closed = server.router.close()
        expect((await connect(server)).status).toBe(503)
        await closed
        // Hooks have run: what follows may be the end of the layer.
        expect(left).toEqual([1012, 1012, 1012])
        expect(server.router.size).toBe(0)
        const codes = await Promise.all(clients.map(async (client) => (await client.closed()).code))
        expect(codes).toEqual([1012, 1012, 1012])
        await server.router.close()
      },
    },
    {
      title: 'close() drops at its deadline who does not go',
      async run({ bridge, connect, expect }) {
        const server = await bridge({}, { closeTimeoutMs: 60_000 })
        const client = await connect(server)
        client.polite = false
        await until('the socket', () => server.router.size === 1)
        await server.router.close({ deadlineMs: 100 })
        expect(server.router.size).toBe(0)
        await client.closed()
      },
    },
    {
      title: 'close() answers upgrades that are still being decided',
      async run({ serve, dial, expect }) {
        const server = await serve()
        let asked = false
        const admit = () => {
          asked = true
          return new Promise(() => {})
        }
        server.router.route('/ws', { admit }, () => {})
        const client = dial(server)
        client.request(server.port, { path: '/ws' })
        await until('the question', () => asked)
        await server.router.close()
        await client.closed()
        expect(client.status).toBe(503)
      },
    },
  ],
}

/** S5, whatever happens. */
function once(
  what: string,
  code: number,
  end: (client: RawClient, socket: { close(code: number, reason: string): void }) => void,
): Topic<SocketScene>['cases'] {
  return [
    {
      title: `S5 closed exactly once: ${what}`,
      async run({ bridge, enter, expect, layer, reported }) {
        const ends: number[] = []
        let aborted = 0
        const server = await bridge((_request, socket) => {
          socket.signal.addEventListener('abort', () => aborted++)
          return { onDisconnect: (_channel, { code }) => ends.push(code) }
        })
        const client = await enter(server, '/ws/general?user=alice')
        const [socket] = server.sockets
        if (!socket) throw new Error('no socket')
        end(client, socket)
        await client.closed()
        await until('the end', () => server.results.length === 1 && server.router.size === 0)
        await turns()
        expect(server.results.map((result) => result.code)).toEqual([code])
        expect(ends).toEqual([code])
        expect(aborted).toBe(1)
        expect(server.channel('general').localSubscriberCount).toBe(0)
        expect(await server.channel('general').presence()).toEqual([])
        expect(layer.stats().sessions).toBe(0)
        expect(reported).toEqual([])
      },
    },
  ]
}
