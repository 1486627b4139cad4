// From the request to the upgrade, or to the refusal.

import { refuse } from '@chan/sockets'
import type { Topic } from '../../cases.js'
import { until } from '../../until.js'
import { encodeFrame } from '../frames.js'
import type { SocketScene } from '../scene.js'

export const admission: Topic<SocketScene> = {
  name: 'admission',
  cases: [
    {
      title: 'S1 the request is a snapshot: all of it can be read after an await',
      async run({ serve, connect, expect }) {
        const seen: unknown[] = []
        const server = await serve()
        server.router.route(
          '/ws/:room',
          {
            admit: async (request) => {
              await new Promise((resolve) => setTimeout(resolve, 20))
              const { path, query, headers, cookies, remoteAddress } = request
              return [path, query.get('a'), headers['x-seen'], cookies.sid, remoteAddress]
            },
          },
          (socket, request) => {
            seen.push(request.context, request.params.room)
            socket.close()
          },
        )
        const client = await connect(server, '/ws/a%20b?a=1', {
          headers: { 'X-Seen': 'yes', Cookie: 'sid=42' },
        })
        await client.closed()
        const [context, room] = seen as [unknown[], string]
        expect(context.slice(0, 4)).toEqual(['/ws/a%20b', '1', 'yes', '42'])
        expect(String(context[4])).toMatch(/127\.0\.0\.1$/)
        expect(room).toBe('a b')
      },
    },
    {
      title: 'S7 refusals are whole HTTP responses: 400, 401, 403, 404, 500, 503',
      async run({ serve, connect, expect, reported }) {
        const server = await serve({ handshakeTimeoutMs: 100 })
        let opened = 0
        const handler = () => opened++
        server.router
          .route('/ws/:room', handler)
          .route('/denied', { admit: () => refuse(401, 'who are you? é') }, handler)
          .route(
            '/broken',
            {
              admit: () => {
                throw new Error('bug')
              },
            },
            handler,
          )
          .route('/slow', { admit: () => new Promise(() => {}) }, handler)
        const answers: Record<string, number> = {}
        for (const path of ['/ws/%E0%A4', '/denied', '/other', '/broken', '/slow']) {
          const client = await connect(server, path)
          answers[path] = client.status
          expect(client.responseHead).toMatch(/content-length: \d+/i)
          expect(client.responseHead).toMatch(/connection: close/i)
          if (path === '/denied') expect(client.body).toBe('who are you? é')
        }
        expect(answers).toEqual({
          '/ws/%E0%A4': 400,
          '/denied': 401,
          '/other': 404,
          '/broken': 500,
          '/slow': 503,
        })
        const foreign = { Origin: 'https://evil.example' }
        expect((await connect(server, '/ws/a', { headers: foreign })).status).toBe(403)
        expect(opened).toBe(0)
        expect(server.router.size).toBe(0)
        expect(reported).toEqual([{ operation: 'admit', message: 'bug' }])
      },
    },
    {
      title: 'S7 an admit that answers false or null refuses with 403, also under one that admits',
      async run({ serve, connect, expect }) {
        const server = await serve({ admit: ({ query }) => (query.has('no') ? null : 'router') })
        const contexts: unknown[] = []
        const answers = { false: false, null: null, undefined }
        for (const [name, answer] of Object.entries(answers)) {
          const keep = (_socket: unknown, request: { readonly context: unknown }) =>
            contexts.push(request.context)
          server.router.route(`/sync/${name}`, { admit: () => answer }, keep)
          server.router.route(`/async/${name}`, { admit: async () => answer }, keep)
        }
        server.router.route('/inherited', (_socket, { context }) => contexts.push(context))
        const status = async (path: string) => (await connect(server, path)).status
        for (const name of ['false', 'null']) {
          expect([await status(`/sync/${name}`), await status(`/async/${name}`)]).toEqual([
            403, 403,
          ])
        }
        expect([await status('/sync/undefined'), await status('/async/undefined')]).toEqual([
          101, 101,
        ])
        // What the router refuses is not let in by a route that would.
        expect([await status('/sync/undefined?no'), await status('/inherited?no')]).toEqual([
          403, 403,
        ])
        expect(await status('/inherited')).toBe(101)
        await until('three sockets', () => contexts.length === 3)
        expect(contexts).toEqual([undefined, undefined, 'router'])
      },
    },
    {
      title: 'a path that ends in a slash is another path: neither finds the route of the other',
      async run({ serve, connect, expect }) {
        const server = await serve()
        let opened = 0
        server.router
          .route('/ws/lobby', () => opened++)
          .route('/rooms/:room', () => opened++)
          .route('/', () => opened++)
        const others = ['/ws/lobby/', '/ws//lobby', '//ws/lobby', '/ws/lobby%2F', '/ws/lobby/?a=1']
        others.push('/rooms/', '/rooms/a/', '/rooms', '//')
        for (const path of others) {
          const { status } = await connect(server, path)
          expect([path, status >= 400 && status < 600]).toEqual([path, true])
        }
        expect(opened).toBe(0)
        for (const path of ['/ws/lobby', '/ws/lobby?a=/', '/rooms/a', '/rooms/a%2F', '/', '/?a']) {
          expect([path, (await connect(server, path)).status]).toEqual([path, 101])
        }
      },
    },
    {
      title: 'origins: none, the own host and the listed ones may connect',
      async run({ serve, connect, expect }) {
        const server = await serve({ origins: ['https://app.example'] })
        server.router.route('/ws', () => {})
        const from = async (origin: string) =>
          (await connect(server, '/ws', { headers: { Origin: origin } })).status
        expect((await connect(server, '/ws')).status).toBe(101)
        expect(await from(`http://127.0.0.1:${server.port}`)).toBe(101)
        expect(await from('https://app.example')).toBe(101)
        expect(await from('http://127.0.0.1:1')).toBe(403)
        expect(await from('null')).toBe(403)
      },
    },
    {
      title: 'what is no WebSocket handshake is refused, and nothing is opened',
      async run({ serve, connect, expect }) {
        const server = await serve()
        let opened = 0
        server.router.route('/ws', () => opened++)
        const client = await connect(server, '/ws', { bare: true })
        expect(client.status).toBeGreaterThan(399)
        expect(opened).toBe(0)
        expect(server.router.size).toBe(0)
      },
    },
    {
      title: 'a connection that never finishes its request is closed with 408',
      async run({ serve, dial, expect }) {
        const server = await serve({ handshakeTimeoutMs: 200 })
        server.router.route('/ws', () => {})
        const silent = dial(server)
        const half = dial(server)
        half.socket.write('GET /ws HTTP/1.1\r\nHost: x\r\n')
        await Promise.all([silent.closed(), half.closed()])
        expect([silent.status, half.status]).toEqual([408, 408])
      },
    },
    {
      title: 'a peer that leaves while admit is pending leaves nothing behind',
      async run({ serve, dial, expect, reported }) {
        const server = await serve()
        const admitted: ((context: unknown) => void)[] = []
        let opened = 0
        const admit = () => new Promise((resolve) => admitted.push(resolve))
        server.router.route('/ws', { admit }, () => opened++)
        const leavers = [dial(server), dial(server), dial(server)]
        for (const leaver of leavers) leaver.request(server.port, { path: '/ws' })
        await until('three requests', () => admitted.length === 3)
        leavers[0]?.vanish()
        leavers[1]?.socket.end()
        leavers[2]?.socket.destroy()
        await Promise.all(leavers.map((leaver) => leaver.closed()))
        await new Promise((resolve) => setTimeout(resolve, 50))
        for (const admit of admitted) admit(1)
        await new Promise((resolve) => setTimeout(resolve, 50))
        expect(opened).toBe(0)
        expect(server.router.size).toBe(0)
        expect(reported).toEqual([])
      },
    },
    {
      title: 'S6 frames behind the request, and while admit is pending, arrive in order',
      async run({ bridge, dial, expect }) {
        let admit = (_context: unknown) => {}
        const seen: string[] = []
        const server = await bridge(
          { onMessage: (text) => seen.push(text) },
          {
            admit: () =>
              new Promise((resolve) => {
                admit = resolve
              }),
          },
        )
        const client = dial(server)
        const early = Buffer.concat([
          encodeFrame('one'),
          encodeFrame('two'),
          encodeFrame('th', { fin: false }),
        ])
        client.request(server.port, { path: '/ws/general', early })
        await new Promise((resolve) => setTimeout(resolve, 30))
        client.send('ree', { opcode: 0 })
        client.send('four')
        await new Promise((resolve) => setTimeout(resolve, 30))
        admit(1)
        await until('four frames', () => seen.length === 4)
        client.send('five')
        await until('five frames', () => seen.length === 5)
        expect(seen).toEqual(['one', 'two', 'three', 'four', 'five'])
      },
    },
  ],
}
