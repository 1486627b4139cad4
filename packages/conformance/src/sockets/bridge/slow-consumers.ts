// A peer that reads too slowly, by the policies of channels: it is bounded, the others get everything,
// and what was left out for it is counted.

import type { ChannelOptions } from '@chan/core'
import type { Topic } from '../../cases.js'
import { until } from '../../until.js'
import type { RawClient } from '../raw-client.js'
import type { SocketScene } from '../scene.js'

const PAD = 'x'.repeat(32 * 1024)
const BOUND = 256 * 1024

interface Reading {
  readonly n: number
  readonly key: string
}

/** Publishes to a stalled socket and a healthy one until something was left out for the former. */
async function stall(scene: SocketScene, options: Omit<ChannelOptions, 'schema'>) {
  const { bridge, enter, layer, expect } = scene
  const server = await bridge({}, { maxBufferedBytes: BOUND, closeTimeoutMs: 200 })
  const channel = layer.channel<Reading & { pad: string }>('general', options)
  const [stalled, healthy] = [await enter(server), await enter(server)]
  stalled.socket.pause()
  let n = 0
  const publish = () => channel.publish({ n: n++, key: n % 2 === 0 ? 'even' : 'odd', pad: PAD })
  const { slowConsumers: before } = layer.stats()
  const leftOut = () => {
    const { dropped, conflated, disconnected } = layer.stats().slowConsumers
    return dropped - before.dropped + conflated - before.conflated + disconnected
  }
  const deadline = performance.now() + 20_000
  while (leftOut() < 20 && !server.results.length && performance.now() < deadline) {
    await publish()
    await new Promise((resolve) => setImmediate(resolve))
    // And what this turn has for it, which all sockets share.
    expect(server.sockets[0]?.bufferedBytes ?? 0).toBeLessThan(BOUND + 2 * PAD.length)
  }
  return { server, channel, stalled, healthy, publish, sent: () => n }
}

const numbers = (client: RawClient) => client.data.map((data) => (data as Reading).n)

export const slowConsumers: Topic<SocketScene> = {
  name: 'bridge: slow consumers',
  cases: [
    {
      title:
        '`drop`: left out until it has caught up, then it goes on; the gap shows in the offsets',
      async run(scene) {
        const { layer, expect } = scene
        const { stalled, healthy, publish, sent, server } = await stall(scene, {
          slowConsumer: 'drop',
        })
        const { conflated, disconnected } = layer.stats().slowConsumers
        expect([conflated, disconnected]).toEqual([0, 0])
        const missed = sent()
        stalled.socket.resume()
        await until('it to have caught up', () => server.sockets[0]?.bufferedBytes === 0)
        await publish()
        const last = sent() - 1
        await stalled.until('the newest', () => numbers(stalled).includes(last))
        await healthy.until('everything', () => healthy.received.length === sent())
        expect(numbers(healthy)).toEqual(Array.from({ length: sent() }, (_, n) => n))
        const got = numbers(stalled)
        expect(got).toEqual([...got].sort((a, b) => a - b))
        expect(got.length).toBeLessThan(missed)
        expect(layer.stats().slowConsumers.dropped).toBe(sent() - got.length)
      },
    },
    {
      title: '`conflate`: only the newest of each key comes late, in the order of the offsets',
      async run(scene) {
        const { layer, expect } = scene
        const { stalled, healthy, sent } = await stall(scene, {
          slowConsumer: 'conflate',
          conflateKey: ({ data }) => (data as Reading).key,
        })
        const { dropped, disconnected } = layer.stats().slowConsumers
        expect([dropped, disconnected]).toEqual([0, 0])
        const last = sent() - 1
        stalled.socket.resume()
        await stalled.until('the newest', () => numbers(stalled).includes(last))
        const got = numbers(stalled)
        // The newest of both keys, one after the other.
        expect(got.slice(-2)).toEqual([last - 1, last])
        expect(got).toEqual([...got].sort((a, b) => a - b))
        expect(layer.stats().slowConsumers.conflated).toBe(sent() - got.length)
        await healthy.until('everything', () => healthy.received.length === sent())
      },
    },
    {
      title: '`disconnect`, which is the default: closed with 1013 and counted once',
      async run(scene) {
        const { layer, expect } = scene
        const { stalled, healthy, sent, server } = await stall(scene, {})
        await until('its end', () => server.results.length === 1)
        expect(server.results[0]?.code).toBe(1013)
        expect(layer.stats().slowConsumers).toEqual({
          ...{ disconnected: 1, caughtUp: 0, dropped: 0, conflated: 0 },
        })
        await healthy.until('everything', () => healthy.received.length === sent())
        stalled.socket.destroy()
      },
    },
    {
      title: 'a key that fails is reported, and keeps one message like any other key',
      async run(scene) {
        const { expect, reported } = scene
        const { stalled, sent } = await stall(scene, {
          slowConsumer: 'conflate',
          conflateKey: () => {
            throw new Error('no key')
          },
        })
        expect(reported.every(({ operation }) => operation === 'conflateKey')).toBe(true)
        expect(reported.length).toBeGreaterThan(0)
        const last = sent() - 1
        stalled.socket.resume()
        await stalled.until('the newest', () => numbers(stalled).includes(last))
      },
    },
    {
      title: 'one message larger than the bound reaches a peer for which nothing waits',
      async run({ bridge, enter, layer, expect }) {
        const server = await bridge({}, { maxBufferedBytes: 1_000 })
        const client = await enter(server)
        await layer.channel('general').publish(PAD)
        expect(await client.nextData()).toBe(PAD)
        expect(client.isOver).toBe(false)
      },
    },
  ],
}
