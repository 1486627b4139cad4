// The end of a connection and of a layer: everything is let go of, whatever users' hooks do.

import type { ChannelLayer } from '@chan/core'
import { ManualClock } from '@chan/core/testing'
import { type BridgeOptions, websocketChannelHandler } from '@chan/sockets'
import type { Case, Topic } from '../../cases.js'
import { turns, until } from '../../until.js'
import type { SocketScene } from '../scene.js'

/** A layer whose own deadlines never come: who waits for one waits for ever. */
const timeless = ({ harness, report }: SocketScene): ChannelLayer =>
  harness.createLayer({ onError: report, clock: new ManualClock() })

export const endings: Topic<SocketScene> = {
  name: 'bridge: endings',
  cases: [
    {
      title: 'an onDisconnect that hangs keeps no group, no session and no handler',
      async run({ bridge, enter, layer, expect }) {
        const server = await bridge(
          { groups: ['all'], onDisconnect: () => new Promise(() => {}) },
          { closeTimeoutMs: 100 },
        )
        const client = await enter(server, '/ws/general?user=alice')
        expect(await layer.group('all').size()).toBe(1)
        client.close()
        await until('the group', async () => (await layer.group('all').size()) === 0)
        expect(layer.stats().sessions).toBe(0)
        expect(await layer.channel('general').presence()).toEqual([])
        await until('the handler', () => server.results.length === 1)
        expect(server.results[0]?.code).toBe(1000)
      },
    },
    {
      title: 'last is about the user of the connection, whoever else its hooks joined',
      async run({ bridge, enter, layer, expect }) {
        const lasts: boolean[] = []
        let devices = 0
        const server = await bridge({
          onConnect: async (channel) => {
            await channel.join(`device-${++devices}`)
          },
          onDisconnect: (_channel, { last }) => lasts.push(last),
        })
        const present = async () =>
          (await layer.channel('general').presence()).map(({ userId }) => userId)
        const tabs = [
          await enter(server, '/ws/general?user=alice'),
          await enter(server, '/ws/general?user=alice'),
        ]
        await until('both devices', async () => (await present()).length === 3)
        tabs[1]?.close()
        await until('one end', () => server.results.length === 1)
        expect(await present()).toEqual(['alice', 'device-1'])
        tabs[0]?.close()
        await until('the other end', () => server.results.length === 2)
        expect(await present()).toEqual([])
        expect(lasts).toEqual([false, true])
      },
    },
    waitingForItself('onConnect', (wait) => ({ onConnect: wait })),
    waitingForItself('onMessage', (wait) => ({ onMessage: wait })),
    waitingForItself('onDisconnect', (wait) => ({ onDisconnect: wait })),
    {
      title: 'a layer that disconnects takes its sockets out of their groups, without an error',
      async run({ bridge, enter, layer, expect, reported }) {
        const server = await bridge({ groups: ['all', 'some'] })
        const client = await enter(server, '/ws/general?user=alice')
        await layer.disconnect()
        expect((await client.closed()).code).toBe(1012)
        await until('the end', () => server.results.length === 1)
        expect(reported).toEqual([])
      },
    },
    {
      title: 'a layer that disconnects closes sockets that are only forwarded to, for nobody',
      async run({ serve, connect, layer, expect, reported }) {
        const server = await serve()
        const news = layer.channel('news')
        server.router.route('/news', (socket) => socket.forward(news))
        const client = await connect(server, '/news')
        await until('the forward', () => news.localSubscriberCount === 1)
        await layer.disconnect()
        expect((await client.closed()).code).toBe(1012)
        expect([reported, layer.stats().sessions]).toEqual([[], 0])
      },
    },
    {
      title: 'sockets that come after their layer closed, used or never used: 1012, no error',
      async run(scene) {
        const { serve, connect, layer, expect, reported } = scene
        const unused = scene.harness.createLayer({ onError: scene.report })
        await layer.connect()
        const server = await serve()
        const results: unknown[] = []
        for (const [name, closed] of Object.entries({ layer, unused })) {
          await closed.disconnect()
          server.router.route(`/${name}`, async (socket) => {
            const options = { userId: 'alice', groups: ['all'] }
            results.push(await websocketChannelHandler(socket, closed.channel('chat'), options))
          })
          const client = await connect(server, `/${name}`)
          expect((await client.closed()).code).toBe(1012)
          expect(closed.stats().sessions).toBe(0)
        }
        await until('both ends', () => results.length === 2)
        expect(reported).toEqual([])
      },
    },
    {
      title: 'twelve sockets bring no warning of a leak, neither open nor closed',
      async run({ bridge, enter, expect }) {
        const warnings: string[] = []
        const warned = ({ name, message }: Error) => warnings.push(`${name}: ${message}`)
        process.on('warning', warned)
        try {
          const server = await bridge({ onConnect: () => {} })
          const clients = []
          for (let i = 0; i < 12; i++) clients.push(await enter(server, `/ws/general?user=u${i}`))
          for (const client of clients) client.close()
          await until('all ends', () => server.results.length === 12)
          await turns()
          expect(warnings).toEqual([])
        } finally {
          process.off('warning', warned)
        }
      },
    },
    {
      title: 'stats count what users made: a bridge is one channel and one subscriber',
      async run({ bridge, enter, layer, expect }) {
        const server = await bridge()
        await enter(server, '/ws/general?user=alice')
        const { activeChannels, subscribers, sessions } = layer.stats()
        expect({ activeChannels, subscribers, sessions }).toEqual({
          activeChannels: 1,
          subscribers: 1,
          sessions: 1,
        })
      },
    },
  ],
}

/** A hook that disconnects the layer and waits for it must not be what the layer waits for. */
function waitingForItself(
  hook: string,
  options: (wait: () => Promise<void>) => BridgeOptions,
): Case<SocketScene> {
  return {
    title: `${hook} may disconnect the layer and wait for that`,
    async run(scene) {
      const { serve, connect, expect, reported } = scene
      const layer = timeless(scene)
      const server = await serve({ closeTimeoutMs: 60_000 })
      let disconnected = false
      const wait = async () => {
        await layer.disconnect()
        disconnected = true
      }
      const ended: number[] = []
      server.router.route('/ws', async (socket) => {
        const channel = layer.channel('general')
        const all = { userId: 'alice', ...options(wait) }
        ended.push((await websocketChannelHandler(socket, channel, all)).code)
      })
      const client = await connect(server, '/ws')
      client.send('stop')
      if (hook === 'onDisconnect') {
        // Greeted for sure once its own message came back.
        await client.until('the echo', () => client.received.length > 0)
        client.close()
      }
      await until('the end of the layer', () => disconnected)
      await client.closed()
      await until('the end of the bridge', () => ended.length === 1)
      expect(ended).toEqual([hook === 'onDisconnect' ? 1000 : 1012])
      expect(reported).toEqual([])
    },
  }
}
