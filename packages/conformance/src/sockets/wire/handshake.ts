// The answer to an upgrade: what is agreed on, and refusals of any make.

import { type Refusal, refuse } from '@chan/sockets'
import type { Topic } from '../../cases.js'
import type { SocketScene } from '../scene.js'

export const handshake: Topic<SocketScene> = {
  name: 'handshake',
  cases: [
    {
      title: 'no subprotocol is negotiated, whatever is offered',
      async run({ bridge, connect, expect }) {
        const server = await bridge()
        for (const offer of ['chan.v1', 'other, chan.v1']) {
          const headers = { 'Sec-WebSocket-Protocol': offer }
          const client = await connect(server, '/ws/general', { headers })
          expect(client.status).toBe(101)
          expect(/^sec-websocket-protocol/im.test(client.responseHead)).toBe(false)
        }
      },
    },
    {
      title: 'no extension is negotiated by default, whatever is offered',
      async run({ bridge, connect, expect }) {
        const headers = { 'Sec-WebSocket-Extensions': 'permessage-deflate' }
        const client = await connect(await bridge(), '/ws/general', { headers })
        expect(client.status).toBe(101)
        expect(/^sec-websocket-extensions/im.test(client.responseHead)).toBe(false)
      },
    },
    {
      title: 'a refusal says whatever it was given as text, be it no string',
      async run({ serve, connect, expect, reported }) {
        const server = await serve()
        const texts: Readonly<Record<string, unknown>> = {
          '/number': 42,
          '/null': null,
          '/error': new Error('not you'),
        }
        for (const [path, text] of Object.entries(texts)) {
          server.router.route(path, { admit: () => refuse(403, text as string) }, () => {})
          const client = await connect(server, path)
          expect([client.status, client.body]).toEqual([403, String(text)])
        }
        expect(reported).toEqual([])
      },
    },
    {
      title: 'a context that looks a little like a refusal is a context',
      async run({ serve, connect, expect, reported }) {
        const seen: unknown[] = []
        const server = await serve()
        const lookalike = { refused: true } as unknown as Refusal
        server.router.route('/ws', { admit: () => lookalike }, (_socket, { context }) => {
          seen.push(context)
        })
        expect((await connect(server, '/ws')).status).toBe(101)
        expect(seen).toEqual([{ refused: true }])
        expect(reported).toEqual([])
      },
    },
  ],
}
