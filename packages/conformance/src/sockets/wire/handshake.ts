// The answer to an upgrade: what is agreed on, and refusals of any make.

import { accept, type Refusal, refuse } from '@chan/sockets'
import type { Topic } from '../../cases.js'
import { until } from '../../until.js'
import type { RawClient } from '../raw-client.js'
import type { SocketScene } from '../scene.js'

export const handshake: Topic<SocketScene> = {
  name: 'handshake',
  cases: [
    {
      title: 'S10 no subprotocol is answered where none was chosen, whatever is offered',
      async run({ bridge, enter, connect, expect }) {
        const server = await bridge()
        const listener = await enter(server)
        const offers = ['chan.v1', 'other, chan.v1', 'chan.v1, chan.v1', 'chan.v1,', '', 'chan v1']
        for (const offer of [...offers, '"chan.v1"', 'chan.v1;q=1', ['chan.v1', 'other']]) {
          const client = await connect(server, '/ws/general', { headers: offering(offer) })
          expect(client.status).toBe(101)
          expect(answered(client)).toEqual([])
          client.send(JSON.stringify(offer))
          expect(await listener.nextData()).toEqual(offer)
        }
      },
    },
    {
      title: 'S10 the chosen subprotocol is answered, and it alone; the handler sees it',
      async run({ serve, connect, expect, reported }) {
        const server = await serve()
        const admits = {
          '/now': () => accept({ protocol: 'chat.v2', context: 'now' }),
          '/late': async () => {
            await new Promise((resolve) => setTimeout(resolve, 20))
            return accept({ protocol: 'chat.v2', context: 'late' })
          },
        }
        for (const [path, admit] of Object.entries(admits)) {
          server.router.route(path, { admit }, (socket, { protocol, protocols, context }) => {
            socket.send(JSON.stringify([protocol, protocols, context]))
            socket.close(4000)
          })
          const headers = offering('chat.v1, chat.v2, chat.v3')
          const client = await connect(server, path, { headers })
          expect(client.status).toBe(101)
          expect(answered(client)).toEqual(['chat.v2'])
          const offered = ['chat.v1', 'chat.v2', 'chat.v3']
          expect(JSON.parse(await client.next())).toEqual(['chat.v2', offered, path.slice(1)])
          expect((await client.closed()).code).toBe(4000)
        }
        expect(reported).toEqual([])
      },
    },
    {
      title: 'S10 what is offered is read from repeated headers and strange spacing',
      async run({ serve, connect, expect, reported }) {
        const server = await serve()
        const offers: Readonly<Record<string, string | readonly string[]>> = {
          a: 'a',
          'a|b': 'a,b',
          'b|a': '  b \t,\ta  ',
          'a|b|c': ['a', 'b ,c'],
          'c|b': ['c,', '', ',b'],
          'b|c': 'b, b ,,c',
        }
        server.router.route(
          '/ws',
          {
            admit: ({ protocols }) =>
              accept({ protocol: protocols.at(-1), context: protocols.join('|') }),
          },
          (socket, { context }) => void socket.send(context),
        )
        for (const [read, offer] of Object.entries(offers)) {
          const client = await connect(server, '/ws', { headers: offering(offer) })
          expect(answered(client)).toEqual([read.at(-1)])
          expect(await client.next()).toBe(read)
        }
        expect(reported).toEqual([])
      },
    },
    {
      title: 'S10 a subprotocol that was not offered is a 500 before the upgrade, and reported',
      async run({ serve, connect, expect, reported }) {
        const server = await serve()
        let opened = 0
        const admit = () => accept({ protocol: 'chat.v2' })
        server.router.route('/ws', { admit }, () => opened++)
        const offers = ['chat.v1', 'CHAT.V2', 'chat.v2;q=1']
        for (const headers of [{}, ...offers.map(offering)]) {
          const client = await connect(server, '/ws', { headers })
          expect(client.status).toBe(500)
          expect(answered(client)).toEqual([])
        }
        expect([opened, server.router.size]).toEqual([0, 0])
        expect(reported.map(({ operation }) => operation)).toEqual(Array(4).fill('admit'))
        for (const { message } of reported) expect(message).toMatch(/'chat\.v2'/)
      },
    },
    {
      title: 'S10 every peer is answered its own, in whatever order they are decided',
      async run({ serve, dial, expect, reported }) {
        const server = await serve()
        const decisions: (() => void)[] = []
        server.router.route(
          '/ws',
          {
            admit: ({ protocols: [protocol] }) =>
              new Promise((resolve) => {
                decisions.push(() => resolve(protocol && accept({ protocol })))
              }),
          },
          (socket, { protocol }) => void socket.send(`${protocol}`),
        )
        const names = ['a', 'b', undefined, 'c']
        const clients: RawClient[] = []
        for (const name of names) {
          const client = dial(server)
          const headers = name === undefined ? {} : offering(name)
          client.request(server.port, { path: '/ws', headers })
          clients.push(client)
          await until('the question', () => decisions.length === clients.length)
        }
        for (const decide of decisions.reverse()) decide()
        for (const [at, client] of clients.entries()) {
          expect(await client.next()).toBe(`${names[at]}`)
          expect(answered(client)).toEqual(names[at] === undefined ? [] : [names[at]])
        }
        expect(reported).toEqual([])
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

function offering(offer: string | readonly string[]) {
  return { 'Sec-WebSocket-Protocol': offer }
}

/** The subprotocols in the server's answer. */
function answered({ responseHead }: RawClient): string[] {
  const lines = responseHead.matchAll(/^sec-websocket-protocol: *(.*?) *$/gim)
  return [...lines].map(([, value]) => value ?? '')
}
