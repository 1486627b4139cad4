// Peers that are read for at their own pace: `catch-up`, and history. Whatever they missed comes, once
// and in order, while little waits for them.

import type { Topic } from '../../cases.js'
import { until } from '../../until.js'
import type { SocketScene } from '../scene.js'
import { mostBuffered, numbersOf, PAD, publishUntil } from './stalled.js'

const BOUND = 256 * 1024

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n)

export const catchingUp: Topic<SocketScene> = {
  name: 'bridge: catching up',
  cases: [
    {
      title: '`catch-up`: stops above the bound, then reads on from its own position, complete',
      async run({ bridge, enter, layer, expect }) {
        const server = await bridge({}, { maxBufferedBytes: BOUND })
        const channel = layer.channel('general', { slowConsumer: 'catch-up' })
        const [stalled, healthy] = [await enter(server), await enter(server)]
        const isBehind = () => layer.stats().slowConsumers.caughtUp > 0
        stalled.socket.pause()
        let sent = await publishUntil(channel, isBehind)
        const more = sent + 40
        const waited = await mostBuffered(
          server.sockets[0],
          publishUntil(channel, () => sent++ >= more, sent),
        )
        expect(waited).toBeLessThan(BOUND + 2 * PAD.length)
        const all = (await channel.history({ limit: 1 }))[0]?.offset ?? 0
        await healthy.until('everything', () => healthy.received.length === all)
        stalled.socket.resume()
        await stalled.until('everything', () => stalled.received.length === all)
        await channel.publish({ n: 'live' })
        await stalled.until('what is live', () => stalled.received.length === all + 1)
        const offsets = stalled.received.map((text) => JSON.parse(text).offset)
        expect(offsets).toEqual(upTo(all + 1).map((n) => n + 1))
        expect([stalled.isOver, healthy.isOver]).toEqual([false, false])
        const { disconnected, dropped, conflated } = layer.stats().slowConsumers
        expect([disconnected, dropped, conflated]).toEqual([0, 0, 0])
      },
    },
    {
      title:
        '`catch-up`: a peer that pauses and reads at random misses nothing and is sent nothing twice',
      async run({ bridge, enter, layer, expect }) {
        const server = await bridge({}, { maxBufferedBytes: BOUND })
        const channel = layer.channel('general', { slowConsumer: 'catch-up' })
        const client = await enter(server)
        let sent = 0
        for (let round = 0; round < 12; round++) {
          if (round % 3 < 2) client.socket.pause()
          else client.socket.resume()
          const until = sent + 30 + round
          sent = await publishUntil(channel, () => sent++ >= until, sent)
        }
        client.socket.resume()
        const top = (await channel.history({ limit: 1 }))[0]?.offset ?? 0
        await client.until('everything', () => client.received.length >= top)
        const offsets = client.received.map((text) => JSON.parse(text).offset)
        expect(offsets).toEqual(upTo(top).map((n) => n + 1))
      },
    },
    {
      title: '`catch-up`: what is ephemeral is left out while a peer is behind, and comes after it',
      async run({ bridge, enter, layer, expect }) {
        const server = await bridge({}, { maxBufferedBytes: BOUND })
        const channel = layer.channel('general', { slowConsumer: 'catch-up' })
        const client = await enter(server)
        client.socket.pause()
        const sent = await publishUntil(channel, () => layer.stats().slowConsumers.caughtUp > 0)
        await channel.publish({ n: 'typing' }, { ephemeral: true })
        client.socket.resume()
        await client.until('everything', () => client.received.length === sent)
        await channel.publish({ n: 'cursor' }, { ephemeral: true })
        await client.until('the next one', () => client.received.length === sent + 1)
        expect(numbersOf(client, 'general')).toEqual([...upTo(sent), 'cursor'])
      },
    },
    {
      title:
        'a peer that stalls amid history and thousands of live messages holds little, and gets all',
      async run({ bridge, connect, layer, expect }) {
        const server = await bridge({}, { maxBufferedBytes: BOUND })
        const channel = layer.channel('general', { maxHistory: 100 })
        const [old, small] = [100, 5_000]
        for (let n = 0; n < old; n++) await channel.publish({ n, pad: PAD.repeat(2) })
        const client = await connect(server)
        client.socket.pause()
        await until('the subscription', () => channel.localSubscriberCount === 1)
        const publishing = async () => {
          for (let n = old; n < old + small; n++) await channel.publish({ n })
        }
        const waited = await mostBuffered(server.sockets[0], publishing())
        expect(waited).toBeLessThan(BOUND)
        expect(server.greeted()).toBe(0)
        client.socket.resume()
        await client.until('everything', () => client.received.length === old + small)
        expect(numbersOf(client, 'general')).toEqual(upTo(old + small))
        await until('the hook', () => server.greeted() === 1)
        expect(layer.stats().slowConsumers.disconnected).toBe(0)
      },
    },
    {
      title: 'a small bound: history is sent to a peer that reads, one message after another',
      async run({ bridge, connect, layer, expect }) {
        const server = await bridge({}, { maxBufferedBytes: 1_000 })
        const channel = layer.channel('general')
        for (let n = 0; n < 50; n++) await channel.publish({ n, pad: PAD })
        const client = await connect(server)
        await client.until('everything', () => client.received.length === 50)
        expect(numbersOf(client, 'general')).toEqual(upTo(50))
        expect(client.isOver).toBe(false)
      },
    },
  ],
}
