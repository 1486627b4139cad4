// What strangers may see and cause: no more than they are meant to.

import type { Topic } from '../../cases.js'
import { turns, until } from '../../until.js'
import type { SocketScene } from '../scene.js'

/** Standard Schemas as far as the layer looks at them. */
const failing = (fail: () => never) =>
  ({ '~standard': { version: 1, vendor: 'chan-conformance', validate: fail } }) as never

export const disclosure: Topic<SocketScene> = {
  name: 'bridge: disclosure',
  cases: [
    {
      title: 'an async filter sends nothing, of history or live, and is reported',
      async run({ bridge, enter, layer, expect, reported }) {
        const channel = layer.channel('general')
        await channel.publish('old secret')
        const filters: Readonly<Record<string, () => unknown>> = {
          yes: async () => true,
          rejects: () => Promise.reject(new Error('filter failed')),
        }
        const server = await bridge(({ query }) => ({
          filterFn: filters[query.get('filter') ?? ''] as () => boolean,
        }))
        for (const filter of Object.keys(filters)) {
          const client = await enter(server, `/ws/general?filter=${filter}`)
          const before = reported.length
          await channel.publish('new secret')
          await until('the report', () => reported.length > before)
          await turns()
          server.sockets.at(-1)?.send('end')
          expect(await client.next()).toBe('end')
          client.close()
          await until('the end', () => layer.stats().sessions === 0)
        }
        expect(new Set(reported.map(({ operation }) => operation))).toEqual(new Set(['filter']))
        expect(reported.map(({ message }) => message)).toContain('filter failed')
      },
    },
    {
      title: 'what goes wrong inside a schema is told to onError and not to the client',
      async run({ bridge, connect, layer, expect, reported }) {
        const schema = failing(() => {
          throw new Error('connect ECONNREFUSED db-internal password=hunter2')
        })
        layer.channel('general', { schema })
        const client = await connect(await bridge())
        client.send('1')
        const text = await client.next()
        expect(JSON.parse(text).error.code).toBe('schema-rejected')
        expect(text).not.toContain('hunter2')
        expect(text).not.toContain('db-internal')
        expect(reported.map(({ operation }) => operation)).toEqual(['publish'])
      },
    },
    {
      title: 'a name in the path that is no channel name: 1008, and no line in the log',
      async run({ bridge, connect, expect, reported }) {
        const server = await bridge()
        for (const name of ['%00', 'x'.repeat(300), 'a%0Ab']) {
          const client = await connect(server, `/ws/${name}?user=alice`)
          // Nothing to try again for.
          expect((await client.closed()).code).toBe(1008)
        }
        await until('no socket', () => server.router.size === 0)
        expect(reported).toEqual([])
      },
    },
    {
      title: 'a message that a callback tries to change reaches clients as it was',
      async run({ bridge, enter, layer, expect }) {
        const channel = layer.channel('general')
        await channel.subscribe((message) => {
          Object.assign(message, { sender: 'mallory', data: 'changed' })
        })
        const client = await enter(await bridge())
        await channel.publish('hello', { sender: 'alice' })
        const { sender, data } = JSON.parse(await client.next())
        expect([sender, data]).toEqual(['alice', 'hello'])
      },
    },
  ],
}
