// Frames that are fine, and frames that break a rule.

import type { Topic } from '../../cases.js'
import { until } from '../../until.js'
import { closePayload, encodeFrame, type FrameShape, Opcode } from '../frames.js'
import type { SocketScene } from '../scene.js'

export const frames: Topic<SocketScene> = {
  name: 'frames',
  cases: [
    {
      title: 'S2 text arrives whole: empty, multi-byte, in fragments, with a ping between',
      async run({ bridge, connect, expect }) {
        const seen: string[] = []
        const server = await bridge({ onMessage: (text) => seen.push(text) })
        const client = await connect(server)
        const bytes = Buffer.from('zwölf 😀')
        client.send('')
        client.send('zwölf 😀')
        // Cut inside the emoji.
        client.send(bytes.subarray(0, 8), { fin: false })
        client.send('between', { opcode: Opcode.ping })
        client.send(bytes.subarray(8), { opcode: Opcode.continuation })
        client.send('x'.repeat(65_536))
        await until('four frames', () => seen.length === 4)
        expect(seen).toEqual(['', 'zwölf 😀', 'zwölf 😀', 'x'.repeat(65_536)])
        await client.until('the pong', () => client.pongs.length > 0)
        expect(client.pongs).toEqual(['between'])
      },
    },
    ...refused('a binary frame', 1003, [['x', { opcode: Opcode.binary }]]),
    ...refused('an empty binary frame', 1003, [['', { opcode: Opcode.binary }]]),
    ...refused('bad UTF-8', 1007, [[Buffer.from([0xc3, 0x28]), {}]]),
    ...refused('a cut UTF-8 sequence', 1007, [[Buffer.from([0xf0, 0x9f]), {}]]),
    ...refused('a message over the limit', 1009, [['x'.repeat(65_537), {}]]),
    ...refused('fragments over the limit', 1009, [
      ['x'.repeat(40_000), { fin: false }],
      ['x'.repeat(40_000), { opcode: Opcode.continuation }],
    ]),
    ...refused('an unmasked frame', 1002, [['x', { masked: false }]]),
    ...refused('an unknown opcode', 1002, [['x', { opcode: 5 }]]),
    ...refused('a continuation of nothing', 1002, [['x', { opcode: Opcode.continuation }]]),
    {
      title: 'the limit of a message is in bytes, and an option',
      async run({ bridge, enter, expect }) {
        const seen: string[] = []
        const server = await bridge(
          { onMessage: (text) => seen.push(text) },
          { maxPayloadBytes: 10 },
        )
        const client = await enter(server)
        client.send('éééé😀'.slice(0, 4))
        client.send('ééééé')
        client.send('éééééé')
        expect((await client.closed()).code).toBe(1009)
        await until('the end', () => server.results.length === 1)
        expect(seen).toEqual(['éééé', 'ééééé'])
      },
    },
    {
      title: 'a message announced as gigantic is refused before it is sent',
      async run({ bridge, connect, expect }) {
        const server = await bridge()
        const client = await connect(server)
        client.socket.write(
          Buffer.from([0x81, 0xff, 0x00, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        )
        expect((await client.closed()).code).toBe(1009)
      },
    },
    {
      title: 'frames after a close frame, of either side, are not handled',
      async run({ bridge, enter, expect }) {
        const seen: string[] = []
        const server = await bridge({ onMessage: (text) => seen.push(text) })
        const client = await enter(server)
        client.socket.write(
          Buffer.concat([
            encodeFrame('before'),
            encodeFrame(closePayload(1000), { opcode: Opcode.close }),
            encodeFrame('after'),
          ]),
        )
        await until('the end', () => server.results.length === 1)
        const rude = await enter(server)
        rude.polite = false
        rude.send('before')
        await until('a frame', () => seen.length === 2)
        server.sockets[1]?.close(4000, 'enough')
        rude.send('after')
        rude.send(closePayload(4000), { opcode: Opcode.close })
        await until('the end', () => server.results.length === 2)
        expect(seen).toEqual(['before', 'before'])
        expect(server.results.map(({ code }) => code)).toEqual([1000, 4000])
      },
    },
  ],
}

/** Closed with the code, the server told why, nothing handled, nothing left. */
function refused(
  what: string,
  code: number,
  bad: readonly (readonly [string | Buffer, FrameShape])[],
): Topic<SocketScene>['cases'] {
  return [
    {
      title: `${what} is closed with ${code}`,
      async run({ bridge, connect, expect, reported }) {
        const seen: string[] = []
        const server = await bridge({ onMessage: (text) => seen.push(text) })
        const client = await connect(server)
        client.send('fine')
        await until('a frame', () => seen.length === 1)
        for (const [data, shape] of bad) client.send(data, shape)
        client.send('late')
        expect((await client.closed()).code).toBe(code)
        await until('the end', () => server.results.length === 1 && server.router.size === 0)
        expect(server.results[0]?.code).toBe(code)
        expect(seen).toEqual(['fine'])
        expect(reported).toEqual([])
      },
    },
  ]
}
