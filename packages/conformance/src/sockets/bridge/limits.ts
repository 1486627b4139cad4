// What one connection may do: commands, publishes, channels.

import type { Topic } from '../../cases.js'
import { until } from '../../until.js'
import type { SocketScene } from '../scene.js'

export const limits: Topic<SocketScene> = {
  name: 'bridge: limits',
  cases: [
    {
      title: 'publishes above the rate are answered with `rate-limited` and not published',
      async run({ bridge, connect, layer, expect }) {
        const server = await bridge({}, { publishes: { perSecond: 0.001, burst: 3 } })
        const client = await connect(server)
        for (let i = 0; i < 5; i++) client.send(`${i}`)
        await client.until('five answers', () => client.received.length === 5)
        const codes = client.received.map((text) => JSON.parse(text).error?.code ?? 'message')
        expect(codes.sort()).toEqual([
          'message',
          'message',
          'message',
          'rate-limited',
          'rate-limited',
        ])
        const stored = await layer.channel('general').history()
        expect(stored.map(({ data }) => data)).toEqual([0, 1, 2])
        expect(client.isOver).toBe(false)
      },
    },
    {
      title: 'frames above the rate of commands close with 1008',
      async run({ bridge, enter, expect }) {
        const seen: string[] = []
        const server = await bridge(
          { onMessage: (text) => seen.push(text) },
          { commands: { perSecond: 0.001, burst: 5 } },
        )
        const client = await enter(server)
        for (let i = 0; i < 6; i++) client.send(`${i}`)
        expect((await client.closed()).code).toBe(1008)
        await until('the end', () => server.results.length === 1)
        expect(seen).toEqual(['0', '1', '2', '3', '4'])
      },
    },
    {
      title: 'each connection has its own allowance, by default 100 frames at once',
      async run({ bridge, connect, expect }) {
        let seen = 0
        const server = await bridge({ onMessage: () => seen++ })
        const clients = [await connect(server), await connect(server)]
        for (const client of clients) for (let i = 0; i < 100; i++) client.send('x')
        await until('200 frames', () => seen === 200)
        expect(clients.some((client) => client.isOver)).toBe(false)
      },
    },
    {
      title: 'channels of one connection are limited, and room is given back',
      async run({ bridge, connect, layer, expect }) {
        const log: unknown[] = []
        const server = await bridge(
          (_request, socket) => ({
            onConnect: async () => {
              const one = await socket.forward(layer.channel('one'))
              await socket.forward(layer.channel('two'))
              const refused = await socket.forward(layer.channel('three')).catch((e) => e.code)
              await one.unsubscribe()
              await one.unsubscribe()
              await socket.forward(layer.channel('three'))
              const again = await socket.forward(layer.channel('four')).catch((e) => e.code)
              log.push(refused, again)
            },
          }),
          { maxChannels: 3 },
        )
        await connect(server)
        await until('the hook', () => log.length === 2)
        expect(log).toEqual(['limit-reached', 'limit-reached'])
        expect(layer.channel('one').localSubscriberCount).toBe(0)
        expect(layer.channel('three').localSubscriberCount).toBe(1)
      },
    },
  ],
}
