// Several channels on one socket: each keeps its own pace and its own policy, and one that is wanted
// twice arrives once.

import type { Topic } from '../../cases.js'
import { until } from '../../until.js'
import type { SocketScene } from '../scene.js'
import { numbersOf, publishUntil } from './stalled.js'

const BOUND = 256 * 1024

export const seats: Topic<SocketScene> = {
  name: 'bridge: seats',
  cases: [
    {
      title:
        'being behind is a channel’s: an error frame and another channel’s messages still come',
      async run({ bridge, enter, layer, expect }) {
        const direct = layer.channel('user:alice')
        const server = await bridge(
          (_request, socket) => ({
            receiveOnly: true,
            onConnect: () => socket.forward(direct),
          }),
          { maxBufferedBytes: BOUND },
        )
        const channel = layer.channel('general', { slowConsumer: 'drop' })
        const client = await enter(server)
        await until('the forward', () => direct.localSubscriberCount === 1)
        client.socket.pause()
        await publishUntil(channel, () => layer.stats().slowConsumers.dropped > 0)
        client.send('refused')
        client.socket.resume()
        await client.until(
          'the error',
          () => client.received.at(-1)?.startsWith('{"error"') === true,
        )
        client.socket.pause()
        await publishUntil(channel, () => layer.stats().slowConsumers.dropped > 3)
        client.socket.resume()
        await until('room', () => (server.sockets[0]?.bufferedBytes ?? BOUND) < BOUND / 2)
        await direct.publish({ n: 7 })
        await client.until('the direct message', () => numbersOf(client, 'user:alice')[0] === 7)
        expect(client.isOver).toBe(false)
        expect(layer.stats().slowConsumers.disconnected).toBe(0)
      },
    },
    {
      title: '`conflate`: whenever the peer reads on, the newest of each key comes last',
      async run({ bridge, enter, layer, expect }) {
        const server = await bridge({ sendHistory: false }, { maxBufferedBytes: BOUND })
        const channel = layer.channel('general', {
          slowConsumer: 'conflate',
          conflateKey: ({ data }) => String((data as { n: number }).n % 3),
        })
        const client = await enter(server)
        let sent = 0
        for (let round = 0; round < 10; round++) {
          client.socket.pause()
          const { conflated } = layer.stats().slowConsumers
          sent = await publishUntil(
            channel,
            () => layer.stats().slowConsumers.conflated > conflated + 3,
            sent,
          )
          client.socket.resume()
          const last = sent + (round % 5)
          for (; sent < last; sent++) await channel.publish({ n: sent })
          const newest = [sent - 3, sent - 2, sent - 1]
          await client.until('the newest of each key', () => {
            const got = new Set(numbersOf(client, 'general', -4))
            return newest.every((n) => got.has(n))
          })
        }
        const got = numbersOf(client, 'general')
        expect(got).toEqual([...got].sort((a, b) => a - b))
        expect(new Set(got).size).toBe(got.length)
        expect(client.isOver).toBe(false)
      },
    },
    {
      title: 'a forward has history and a filter',
      async run({ bridge, connect, layer, expect }) {
        const direct = layer.channel('user:alice')
        for (let n = 0; n < 6; n++) await direct.publish({ n })
        const server = await bridge((_request, socket) => ({
          onConnect: () =>
            socket.forward(direct, {
              sendHistory: 4,
              filterFn: ({ data }) => (data as { n: number }).n % 2 === 0,
            }),
        }))
        const client = await connect(server)
        await until('the forward', () => direct.localSubscriberCount === 1)
        for (let n = 6; n < 9; n++) await direct.publish({ n })
        await client.until('the last', () => numbersOf(client, 'user:alice').includes(8))
        expect(numbersOf(client, 'user:alice')).toEqual([2, 4, 6, 8])
      },
    },
    {
      title:
        'a channel that is bridged and forwarded arrives once, filtered by nobody who wants all',
      async run({ bridge, enter, layer, expect }) {
        const channel = layer.channel('general')
        await channel.publish({ n: 0 })
        const forwards: { unsubscribe(): Promise<void> }[] = []
        const server = await bridge((_request, socket) => ({
          filterFn: ({ data }) => (data as { n: number }).n % 2 === 0,
          onConnect: async (bound) => {
            forwards.push(await socket.forward(bound, { sendHistory: true }))
          },
        }))
        const client = await enter(server)
        await until('the forward', () => forwards.length === 1)
        expect(channel.localSubscriberCount).toBe(1)
        for (let n = 1; n < 4; n++) await channel.publish({ n })
        await client.until('the third', () => numbersOf(client, 'general').includes(3))
        expect(numbersOf(client, 'general')).toEqual([0, 1, 2, 3])
        await forwards[0]?.unsubscribe()
        await forwards[0]?.unsubscribe()
        for (let n = 4; n < 7; n++) await channel.publish({ n })
        await client.until('the sixth', () => numbersOf(client, 'general').includes(6))
        expect(numbersOf(client, 'general')).toEqual([0, 1, 2, 3, 4, 6])
        client.close()
        await until('the end', () => channel.localSubscriberCount === 0)
      },
    },
  ],
}
