// Ten thousand connections come and go, and nothing is left of them.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Topic } from '../cases.js'
import { turns, until } from '../until.js'
import type { BridgedServer, SocketScene } from './scene.js'

const CYCLES = 10_000
const WARM_UP = 1_000
const AT_ONCE = 25

export const churn: Topic<SocketScene> = {
  name: 'churn',
  cases: [
    {
      title: '10,000 connections leave no subscriber, presence, handle, timer or memory behind',
      async run(scene) {
        const { bridge, layer, clock, expect, reported } = scene
        const server = await bridge((_request, socket) => ({
          groups: ['all'],
          metadata: { tab: 1 },
          onConnect: async (channel) => {
            await socket.forward(layer.channel('shared'))
            await channel.publish('hello', { ephemeral: true })
          },
          onDisconnect: () => {},
        }))
        const channel = layer.channel('general')
        const settled = async () => {
          await until('all to be gone', () => server.router.size === 0)
          await until('all bridges to end', () => layer.stats().sessions === 0)
          server.results.length = 0
          server.sockets.length = 0
        }
        await cycle(scene, server, 50)
        await settled()
        const resources = activeResources()
        const timers = clock.pending
        await cycle(scene, server, WARM_UP)
        await settled()
        const heap = await heapUsed()
        await cycle(scene, server, CYCLES - WARM_UP)
        await settled()
        expect(((await heapUsed()) - heap) / 2 ** 20).toBeLessThan(2)
        expect(channel.localSubscriberCount).toBe(0)
        expect(layer.channel('shared').localSubscriberCount).toBe(0)
        expect(await channel.presence()).toEqual([])
        expect(await layer.group('all').size()).toBe(0)
        await until(
          () => `nothing more than before: ${JSON.stringify(added(resources))}`,
          () => Object.keys(added(resources)).length === 0,
        )
        await until('timers as before', () => clock.pending <= timers)
        expect(reported).toEqual([])
      },
    },
  ],
}

/** Connects so many times, a few at once, each leaving in another way. */
async function cycle(scene: SocketScene, server: BridgedServer, times: number): Promise<void> {
  let started = 0
  const worker = async () => {
    while (started < times) {
      const turn = started++
      const client = await scene.connect(server, `/ws/general?user=u${turn % 40}`)
      await client.until('a message', () => client.received.length > 0)
      if (turn % 3 === 0) client.vanish()
      else if (turn % 3 === 1) client.close()
      else client.socket.end()
      await client.closed()
      scene.forget(client)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

/** Counts of handles and timers, by kind. */
function activeResources(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}

/** What is there more than before. */
function added(before: Record<string, number>): Record<string, number> {
  const now = Object.entries(activeResources())
  return Object.fromEntries(now.filter(([kind, count]) => count > (before[kind] ?? 0)))
}

async function heapUsed(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  // Finalizers run between collections.
  for (let i = 0; i < 4; i++) {
    gc()
    await turns(10)
  }
  return process.memoryUsage().heapUsed
}
