// Many messages to many sockets: however they are written, every socket gets the same frames in the
// same order as if each had been sent by itself.

import type { Channel } from '@chan/core'
import type { Topic } from '../../cases.js'
import { seeded } from '../../random.js'
import { until } from '../../until.js'
import { play } from '../fan-out-play.js'
import type { SocketScene } from '../scene.js'

/** Publishes, and waits until the sockets have been given the message, in this turn where it can be. */
async function publisher(channel: Channel) {
  let heard = 0
  await channel.subscribe(() => heard++)
  return async (data: unknown) => {
    const before = heard
    await channel.publish(data)
    if (heard === before) await until('the message', () => heard > before)
  }
}

export const fanOut: Topic<SocketScene> = {
  name: 'bridge: fan-out',
  cases: [
    ...[1, 2, 3].map((seed) => ({
      title: `together or one by one: the same frames in the same order, whatever happens (seed ${seed})`,
      async run(scene: SocketScene) {
        const { expect } = scene
        const together = await play(scene, 'turn', seeded(seed))
        const oneByOne = await play(scene, 'message', seeded(seed))
        for (const outcome of [together, oneByOne]) {
          expect(outcome.problems).toEqual([])
          expect(outcome.frames).toBeGreaterThan(1_000)
        }
        expect(together.received).toEqual(oneByOne.received)
      },
    })),
    {
      title:
        'frames of every length field, together in one turn, in one and in several bytes a character',
      async run({ bridge, enter, layer, expect }) {
        const server = await bridge()
        const clients = [await enter(server), await enter(server)]
        const channel = layer.channel('general')
        const empty = (await channel.publish('')).toJson().length
        // Around 125, 126 and 65,535 bytes of payload, and far above.
        const lengths = [120, 125, 126, 127, 65_534, 65_535, 65_536, 65_537, 300_000]
        const plain = lengths.map((length) => 'x'.repeat(Math.max(0, length - empty)))
        const wide = lengths.map((length) => 'é鍵🔑'.repeat(Math.ceil((length - empty) / 9)))
        const sent = [...plain, ...wide]
        await Promise.all(sent.map((text) => channel.publish(text)))
        for (const client of clients) {
          await client.until('everything', () => client.received.length > sent.length)
          expect(client.data.slice(1)).toEqual(sent)
        }
      },
    },
    {
      title: 'a frame of the server’s own keeps its place among the messages of a turn',
      async run({ bridge, enter, layer, expect }) {
        const server = await bridge()
        const client = await enter(server)
        const delivered = await publisher(layer.channel('general'))
        for (let n = 0; n < 3; n++) {
          await delivered(n)
          expect(server.sockets[0]?.send(`own ${n}`)).toBe('sent')
        }
        await client.until('everything', () => client.received.length === 6)
        expect(client.received.map((text) => (text.startsWith('own') ? text : 'message'))).toEqual([
          ...['message', 'own 0', 'message', 'own 1', 'message', 'own 2'],
        ])
      },
    },
    {
      title: 'what was published before a close arrives before it',
      async run({ bridge, enter, layer, expect }) {
        const server = await bridge()
        const client = await enter(server)
        const delivered = await publisher(layer.channel('general'))
        await delivered('last')
        server.sockets[0]?.close(4001, 'done')
        expect(await client.nextData()).toBe('last')
        expect(await client.closed()).toEqual({ code: 4001, reason: 'done' })
      },
    },
  ],
}
