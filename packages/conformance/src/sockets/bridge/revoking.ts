// A user loses a channel while sockets receive it, or are about to.

import type { Topic } from '../../cases.js'
import { turns, until } from '../../until.js'
import type { SocketScene } from '../scene.js'

/** An authFn that has not decided yet. */
function undecided() {
  const answers: ((allowed: boolean) => void)[] = []
  const authFn = () => new Promise<boolean>((resolve) => answers.push(resolve))
  return { answers, authFn }
}

export const revoking: Topic<SocketScene> = {
  name: 'bridge: revoke',
  cases: [
    {
      title: 'revoke closes the bridges of that user and channel with 1008, and no others',
      async run({ bridge, connect, enter, layer, expect, reported }) {
        const server = await bridge()
        const alice = await enter(server, '/ws/general?user=alice')
        const others = [
          await enter(server, '/ws/other?user=alice'),
          await enter(server, '/ws/general?user=bob'),
          await enter(server, '/ws/general'),
        ]
        await layer.channel('general').revoke('alice')
        expect((await alice.closed()).code).toBe(1008)
        await until('the end', () => server.results.length === 1)
        // It had been let in.
        expect(server.results[0]?.denied).toBe(false)
        const present = await layer.channel('general').presence()
        expect(present.map(({ userId }) => userId)).toEqual(['bob'])
        const again = await connect(server, '/ws/general?user=alice')
        await until('the bridge', () => server.greeted() === 5)
        for (const each of others) expect(each.isOver).toBe(false)
        await layer.channel('general').publish('hello')
        expect(await again.nextData()).toBe('hello')
        expect(reported).toEqual([])
      },
    },
    {
      title: 'a bridge whose authFn says yes after the revoke is denied',
      async run({ bridge, connect, layer, expect, reported }) {
        const { answers, authFn } = undecided()
        const general = layer.channel('general', { authFn })
        const log: string[] = []
        const server = await bridge({
          groups: ['all'],
          onConnect: () => log.push('connect'),
          onDisconnect: () => log.push('disconnect'),
        })
        const client = await connect(server, '/ws/general?user=alice')
        await until('the question', () => answers.length === 1)
        await general.revoke('alice')
        expect((await client.closed()).code).toBe(1008)
        answers[0]?.(true)
        await until('the end', () => server.results.length === 1)
        await turns()
        expect(server.results[0]?.denied).toBe(true)
        expect(client.received).toEqual([])
        expect(general.localSubscriberCount).toBe(0)
        expect(await general.presence()).toEqual([])
        expect(await layer.group('all').size()).toBe(0)
        expect([log, reported]).toEqual([[], []])
      },
    },
    {
      title: 'revoke ends a forward of that channel and user; the socket and the rest of it stay',
      async run({ bridge, enter, layer, expect, reported }) {
        const [direct, news] = [layer.channel('user:alice'), layer.channel('news')]
        const server = await bridge((_request, socket) => ({
          onConnect: async () => {
            await socket.forward(direct, { userId: 'alice' })
            await socket.forward(news, { userId: 'alice' })
            await socket.forward(news, { userId: 'guest' })
          },
        }))
        // As its own user, as a stranger.
        const clients = [
          await enter(server, '/ws/general?user=alice'),
          await enter(server, '/ws/general'),
        ]
        await until('the forwards', () => news.localSubscriberCount === 2)
        await direct.revoke('alice')
        await until('their ends', () => direct.localSubscriberCount === 0)
        await direct.publish('secret')
        // Somebody else on the socket still wants this one.
        await news.revoke('alice')
        await news.publish('news')
        await layer.channel('general').publish('hello')
        for (const client of clients) {
          expect([await client.nextData(), await client.nextData()]).toEqual(['news', 'hello'])
          expect(client.isOver).toBe(false)
          client.close()
        }
        await until('the ends', () => server.results.length === 2)
        await until('nothing', () => layer.stats().sessions === 0)
        expect(reported).toEqual([])
      },
    },
    {
      title: 'a forward whose authFn says yes after the revoke rejects, and the socket stays',
      async run({ bridge, enter, layer, expect, reported }) {
        const { answers, authFn } = undecided()
        const direct = layer.channel('user:alice', { authFn })
        const refusals: unknown[] = []
        const server = await bridge((_request, socket) => ({
          onConnect: () => {
            socket.forward(direct, { userId: 'alice' }).catch(({ code }) => refusals.push(code))
          },
        }))
        const client = await enter(server, '/ws/general?user=alice')
        await until('the question', () => answers.length === 1)
        await direct.revoke('alice')
        answers[0]?.(true)
        await until('the refusal', () => refusals.length === 1)
        expect(refusals).toEqual(['permission-denied'])
        expect(direct.localSubscriberCount).toBe(0)
        await layer.channel('general').publish('hello')
        expect(await client.nextData()).toBe('hello')
        expect(layer.stats().sessions).toBe(1)
        expect(reported).toEqual([])
      },
    },
  ],
}
