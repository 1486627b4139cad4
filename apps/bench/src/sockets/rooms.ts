// Many small rooms in which everybody talks: clients publish, the server delivers.

import { atMost, type Bench } from '../bench.js'
import type { Received } from './client/tally.js'
import { missingNotes, type SocketsContext } from './context.js'
import { OthersMeter } from './others-meter.js'
import { Pair } from './pair.js'
import { inRounds, Rounds } from './rounds.js'
import { rowOf } from './row.js'
import type { Measured } from './shape.js'
import { protocolOf, type Variant } from './variants.js'

const VARIANTS: readonly Variant[] = ['chan ws', 'ws-rooms', 'chan uws', 'uws-rooms', 'socket.io']
const ROOMS = 100
const MEMBERS = 10
/** Publishes that are on their way: two per room. */
const WINDOW = 200

export const rooms: Bench<SocketsContext> = {
  name: 'rooms',
  title: `${ROOMS * MEMBERS} sockets in ${ROOMS} rooms, all of them publishing`,
  async run(context) {
    const runs = new Rounds<Measured>()
    await inRounds(context, VARIANTS, async (variant) => {
      const measured = await measure(context, variant)
      runs.add(variant, measured)
      context.tell(`${variant}: ${measured.cpu.toFixed(2)} µs per delivery`)
    })
    const ratio = runs.ratio('chan ws', 'socket.io', ({ cpu }) => cpu)
    return {
      rows: runs.each(rowOf),
      targets: [atMost('chan ws over socket.io', ratio, 0.5, ' ×')],
      notes: missingNotes(context, VARIANTS),
    }
  },
}

async function measure(context: SocketsContext, variant: Variant): Promise<Measured> {
  const sockets = ROOMS * MEMBERS
  await using pair = await Pair.start(context, { variant, sockets, rooms: ROOMS })
  await chat(pair, variant, context.full ? 10_000 : 4_000)
  return await chat(pair, variant, context.full ? 50_000 : 15_000)
}

async function chat(pair: Pair, variant: Variant, publishes: number): Promise<Measured> {
  const { server, client } = pair
  const others = new OthersMeter([server.pid, client.pid])
  const cpu = async () => {
    const { user, system } = await server.call<NodeJS.CpuUsage>('cpu')
    return user + system
  }
  await client.call('expect', publishes * MEMBERS)
  const [beganAt, cpuBefore] = [performance.now(), await cpu()]
  const [received] = await Promise.all([
    client.call<Received>('received'),
    client.call('chat', {
      protocol: protocolOf(variant),
      publishes,
      receivers: MEMBERS,
      window: WINDOW,
      everyMs: 0,
    }),
  ])
  const used = (await cpu()) - cpuBefore
  const seconds = (performance.now() - beganAt) / 1000
  const { deliveries, bytes, latency } = received
  await pair.assertSound(received, publishes * MEMBERS)
  return {
    deliveries,
    perSecond: deliveries / seconds,
    bytes: bytes / deliveries,
    cpu: used / deliveries,
    latency,
    rss: await server.call<number>('rss'),
    others: others.stop(),
  }
}
