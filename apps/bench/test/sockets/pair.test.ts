// Small sizes: that a benchmark measures what it says, not how fast anything is.

import { describe, expect, it } from 'vitest'
import type { Received } from '../../src/sockets/client/tally.js'
import type { SocketsContext } from '../../src/sockets/context.js'
import { Pair } from '../../src/sockets/pair.js'
import type { Variant } from '../../src/sockets/variants.js'

const context: SocketsContext = {
  full: false,
  profileFolder: '',
  missing: new Map(),
  mostSockets: 1_000,
  databaseUrl: undefined,
  tell: () => {},
}

async function measure(variant: Variant, perTurn: number) {
  await using pair = await Pair.start(context, { variant, sockets: 7, sampled: 2 })
  return await pair.measure({ deliveries: 7 * 40, perTurn })
}

describe('a server and its sockets', () => {
  it.each([1, 10])(
    'gets the same bytes from everybody, %i per turn',
    {
      timeout: 60_000,
    },
    async (perTurn) => {
      const ours = await measure('chan ws', perTurn)
      expect(ours).toMatchObject({ deliveries: 280, bytes: expect.closeTo(130, -1) })
      expect(ours.cpu).toBeGreaterThan(0)
      expect(ours.latency.p50).toBeGreaterThan(0)
      for (const variant of ['ws-turn', 'socket.io'] as const) {
        const theirs = await measure(variant, perTurn)
        expect(theirs).toMatchObject({ deliveries: ours.deliveries, bytes: ours.bytes })
      }
    },
  )

  it('lets clients publish to their rooms', { timeout: 60_000 }, async () => {
    for (const variant of ['chan ws', 'socket.io'] as const) {
      const shape = { variant, sockets: 12, rooms: 4 }
      await using pair = await Pair.start(context, shape)
      await pair.client.call('expect', 300)
      const protocol = variant === 'socket.io' ? variant : 'websocket'
      const plan = { protocol, publishes: 100, receivers: 3, window: 20, everyMs: 0 }
      await pair.client.call('chat', plan)
      const received = await pair.client.call<Received>('received')
      expect(received).toMatchObject({ deliveries: 300, closed: 0 })
      await pair.assertSound(received, 300)
    }
  })

  it('delivers to the others when one reads no more', { timeout: 60_000 }, async () => {
    await using pair = await Pair.start(context, { variant: 'chan ws', sockets: 5 })
    await pair.client.call('stall', 2)
    const { received } = await pair.run({ deliveries: 400, perTurn: 1, receivers: 4 })
    expect(received.deliveries).toBe(400)
  })
})
