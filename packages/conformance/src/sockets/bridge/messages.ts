// What goes through a bridge, both ways.

import { type BridgeOptions, websocketChannelHandler } from '@chan/sockets'
import type { Topic } from '../../cases.js'
import { turns, until } from '../../until.js'
import type { SocketScene } from '../scene.js'

export const messages: Topic<SocketScene> = {
  name: 'bridge: messages',
  cases: [
    {
      title:
        'frames are published as JSON if they parse, else as the string; the sender is the user',
      async run({ bridge, connect, layer, expect }) {
        const server = await bridge()
        const channel = layer.channel('general')
        const heard: unknown[] = []
        await channel.subscribe(({ data, sender }) => heard.push([data, sender]))
        const client = await connect(server, '/ws/general?user=alice')
        const texts = [
          '{"a":1,"sender":"mallory"}',
          '42',
          '"quoted"',
          'plain',
          '',
          '{"cut":',
          'null',
        ]
        for (const text of texts) client.send(text)
        await until('all', () => heard.length === texts.length)
        expect(heard).toEqual(
          [{ a: 1, sender: 'mallory' }, 42, 'quoted', 'plain', '', '{"cut":', null].map((data) => [
            data,
            'alice',
          ]),
        )
        const [, , , plain] = await Promise.all(texts.map(() => client.next()))
        const message = JSON.parse(plain ?? '')
        expect(Object.keys(message)).toEqual([
          'channel',
          'data',
          'sender',
          'timestamp',
          'offset',
          'epoch',
        ])
        const anonymous = await connect(server, '/ws/general')
        anonymous.send('who?')
        await until('one more', () => heard.length > texts.length)
        expect(heard.at(-1)).toEqual(['who?', null])
      },
    },
    {
      title: 'options are read at the call: a shared object that changes is for later sockets',
      async run({ serve, connect, layer, expect, reported }) {
        const allowing: (() => void)[] = []
        const authFn = () =>
          new Promise<boolean>((resolve) => {
            allowing.push(() => resolve(true))
          })
        const channel = layer.channel('general', { authFn })
        const direct = layer.channel('direct')
        const left: unknown[] = []
        const tags: string[] = []
        const groups: string[] = []
        const shared: Record<string, unknown> = { metadata: { tags }, groups, sendHistory: false }
        const forwarding: Record<string, unknown> = {}
        const server = await serve()
        server.router.route('/ws/:user', (socket, { params: { user } }) => {
          const filterFn = ({ data }: { readonly data: unknown }) => data !== `not for ${user}`
          tags[0] = user
          groups[0] = `of ${user}`
          const onDisconnect: BridgeOptions['onDisconnect'] = (_channel, { last }) =>
            left.push([user, last])
          const onConnect = () => {
            Object.assign(forwarding, { filterFn })
            return socket.forward(direct, forwarding)
          }
          Object.assign(shared, { userId: user, filterFn, onConnect, onDisconnect })
          return websocketChannelHandler(socket, channel, shared)
        })
        const present = async () =>
          (await channel.presence()).map(({ userId, tags }) => [userId, tags])
        const [alice, bob] = [await connect(server, '/ws/alice'), await connect(server, '/ws/bob')]
        await until('two who ask for permission', () => allowing.length === 2)
        for (const allow of allowing) allow()
        await until('both', () => direct.localSubscriberCount === 2)
        expect((await present()).sort()).toEqual([
          ['alice', ['alice']],
          ['bob', ['bob']],
        ])
        for (const group of ['of alice', 'of bob']) {
          expect([...(await layer.group(group).members())]).toEqual(['general'])
        }
        alice.send('"I am alice"')
        for (const client of [alice, bob]) {
          expect(JSON.parse(await client.next()).sender).toBe('alice')
        }
        await channel.publish('not for bob')
        await channel.publish('not for alice')
        await direct.publish('not for bob')
        await direct.publish('not for alice')
        const data = async (client: typeof alice) => [
          JSON.parse(await client.next()).data,
          JSON.parse(await client.next()).data,
        ]
        expect(await data(alice)).toEqual(['not for bob', 'not for bob'])
        expect(await data(bob)).toEqual(['not for alice', 'not for alice'])
        alice.close()
        await until('her end', () => left.length === 1)
        expect(await present()).toEqual([['bob', ['bob']]])
        bob.close()
        await until('both ends', () => left.length === 2)
        expect(left).toEqual([
          ['alice', true],
          ['bob', true],
        ])
        expect([await present(), layer.stats().sessions]).toEqual([[], 0])
        for (const group of ['of alice', 'of bob']) expect(await layer.group(group).size()).toBe(0)
        expect(reported).toEqual([])
      },
    },
    {
      title: 'history and live messages come once each and in order, however they interleave',
      async run({ bridge, connect, layer, expect }) {
        const server = await bridge()
        const channel = layer.channel('general', { maxHistory: 100_000 })
        let published = 0
        let publishing = true
        const publisher = (async () => {
          while (publishing) {
            for (let i = 0; i < 5; i++) await channel.publish(++published)
            await new Promise((resolve) => setImmediate(resolve))
          }
        })()
        const clients = []
        for (let i = 0; i < 10; i++) {
          clients.push(await connect(server))
          const goOn = published + 5
          await until('more messages', () => published >= goOn)
        }
        publishing = false
        await publisher
        const all = Array.from({ length: published }, (_, i) => i + 1)
        for (const client of clients) {
          await client.until('everything', () => client.received.length >= published)
          await turns(2)
          expect(client.data).toEqual(all)
        }
      },
    },
    {
      title: 'sendHistory: all of it, none, or the most recent; in the shape of live messages',
      async run({ bridge, connect, layer, expect }) {
        const channel = layer.channel('general', { maxHistory: 5 })
        for (let i = 1; i <= 9; i++) await channel.publish(i)
        const server = await bridge(({ query }) => {
          const wanted = query.get('history')
          if (wanted === null) return {}
          return { sendHistory: wanted === 'false' ? false : Number(wanted) }
        })
        const first = async (query: string) => {
          const client = await connect(server, `/ws/general?${query}`)
          const live = `live ${query}`
          await until('the bridge', () => server.sockets.length > channel.localSubscriberCount - 1)
          await turns()
          await channel.publish(live, { ephemeral: true })
          await client.until('the live one', () => client.data.includes(live))
          return client
        }
        expect((await first('')).data).toEqual([5, 6, 7, 8, 9, 'live '])
        expect((await first('history=false')).data).toEqual(['live history=false'])
        expect((await first('history=0')).data).toEqual(['live history=0'])
        expect((await first('history=2')).data).toEqual([8, 9, 'live history=2'])
        const many = await first('history=100')
        expect(many.data).toEqual([5, 6, 7, 8, 9, 'live history=100'])
        const stored = await channel.history()
        expect(many.received.slice(0, 5)).toEqual(stored.map((message) => message.toJson()))
      },
    },
    {
      title: 'ephemeral messages go through, without an offset',
      async run({ bridge, connect, layer, expect }) {
        const server = await bridge()
        const channel = layer.channel('general')
        const client = await connect(server)
        await until('the bridge', () => channel.localSubscriberCount === 1)
        await channel.publish('typing', { ephemeral: true })
        const message = JSON.parse(await client.next())
        expect(message.data).toBe('typing')
        expect('offset' in message).toBe(false)
      },
    },
    {
      title: 'a filter holds for history and live; one that throws skips and is reported',
      async run({ bridge, connect, layer, expect, reported }) {
        const channel = layer.channel<number>('general')
        for (let i = 1; i <= 4; i++) await channel.publish(i)
        const server = await bridge({
          filterFn: ({ data }) => {
            if (data === 3 || data === 7) throw new Error(`no ${data}`)
            return (data as number) % 2 === 0
          },
        })
        const client = await connect(server)
        await client.until('history', () => client.received.length === 2)
        for (let i = 5; i <= 8; i++) await channel.publish(i)
        await client.until('all', () => client.received.length === 4)
        expect(client.data).toEqual([2, 4, 6, 8])
        expect(reported).toEqual([
          { operation: 'filter', message: 'no 3' },
          { operation: 'filter', message: 'no 7' },
        ])
      },
    },
    {
      title: 'receiveOnly: frames are answered with an error and go nowhere',
      async run({ bridge, connect, layer, expect }) {
        const handled: string[] = []
        const server = await bridge({
          receiveOnly: true,
          onMessage: (text) => handled.push(text),
        })
        const channel = layer.channel('general')
        const client = await connect(server, '/ws/general?user=alice')
        client.send('{"hack":true}')
        const { error } = JSON.parse(await client.next())
        expect(error.code).toBe('permission-denied')
        expect(Object.keys(error)).toEqual(['code', 'message', 'hint'])
        await channel.publish('from the server')
        expect(await client.nextData()).toBe('from the server')
        expect(handled).toEqual([])
        expect(await channel.history({ limit: 10 })).toEqual(await channel.history({ limit: 1 }))
      },
    },
    {
      title: 'a refused publish is answered with its error, and the socket stays',
      async run({ bridge, connect, layer, expect, reported }) {
        const text = {
          '~standard': {
            version: 1 as const,
            vendor: 'suite',
            validate: (value: unknown) =>
              typeof value === 'string' ? { value } : { issues: [{ message: 'no text' }] },
          },
        }
        layer.channel('general', { schema: text })
        const server = await bridge()
        const client = await connect(server)
        client.send('42')
        const { error } = JSON.parse(await client.next())
        expect(error.code).toBe('schema-rejected')
        client.send('fine')
        expect(await client.nextData()).toBe('fine')
        expect(reported).toEqual([])
      },
    },
    {
      title: 'a deeply nested frame is refused, not fatal',
      async run({ bridge, connect, expect }) {
        const server = await bridge()
        const client = await connect(server)
        client.send('['.repeat(30_000) + ']'.repeat(30_000))
        const answer = JSON.parse(await client.next())
        expect('error' in answer || 'data' in answer).toBe(true)
        client.send('alive')
        expect(await client.nextData()).toBe('alive')
      },
    },
  ],
}
