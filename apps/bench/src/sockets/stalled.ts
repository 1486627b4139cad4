// One reader among a hundred that reads no more: what the server keeps for it.

import type { Worker } from '@chan/testkit'
import { atMost, type Bench, type Row, type Target } from '../bench.js'
import { missingNotes, present, type SocketsContext } from './context.js'
import { assertAllOpen, openSockets } from './load.js'
import { Pair } from './pair.js'
import type { MemoryReading } from './servers/memory-gauge.js'
import { protocolOf, type Variant } from './variants.js'

const VARIANTS: readonly Variant[] = ['chan ws', 'chan uws', 'ws-turn']
const OURS: readonly Variant[] = ['chan ws', 'chan uws']
const SOCKETS = 100
const PADDING = 10_000
/** 50 MB: a server that keeps them for the stalled one shows it. */
const MESSAGES = 5_000
const MIB = 1024 * 1024
/** More than the tail holds. */
const TAIL_MESSAGES = 8_000
/** Longer than the five seconds that a peer has to close. */
const CLOSING_MS = 12_000
/** Try again later: what a channel answers to a reader that is too slow. */
const SLOW_CONSUMER = 1013

interface Stalled {
  readonly variant: Variant
  readonly publishedMiB: number
  /** After the run over before it, without garbage. */
  readonly growthMiB: number
  /** The most during the run over before it, garbage included. */
  readonly peakMiB: number
  readonly delivered: number
  readonly closes: readonly number[]
}

export const stalled: Bench<SocketsContext> = {
  name: 'stalled',
  title: `one of ${SOCKETS} sockets reads no more while 10 kB messages are published`,
  async run(context) {
    const found: Stalled[] = []
    for (const variant of present(context, VARIANTS)) found.push(await measure(context, variant))
    return {
      rows: found.map(rowOf),
      targets: found.filter(({ variant }) => OURS.includes(variant)).flatMap(targetsOf),
      notes: [
        'ws-turn keeps everything for a stalled reader, as ws does',
        ...missingNotes(context, VARIANTS),
      ],
    }
  },
}

async function measure(context: SocketsContext, variant: Variant): Promise<Stalled> {
  await using pair = await Pair.start(context, { variant, sockets: SOCKETS, sampled: 0 })
  const { server, client } = pair
  await fillTail(pair, variant)
  // The same traffic as is measured: buffers have grown.
  await server.call('startPeak')
  await publish(pair, SOCKETS, context.full ? MESSAGES : MESSAGES / 5)
  const usualPeak = await server.call<number>('stopPeak')
  const before = await server.call<MemoryReading>('memory')
  await client.call('stall', SOCKETS >> 1)
  await server.call('startPeak')
  // Throws if one of the others misses something.
  const { received } = await publish(pair, SOCKETS - 1, MESSAGES)
  const closes = await closesOf(server, OURS.includes(variant))
  const peak = await server.call<number>('stopPeak')
  const after = await server.call<MemoryReading>('memory')
  return {
    variant,
    publishedMiB: received.bytes / (SOCKETS - 1) / MIB,
    growthMiB: (after.rss - before.rss) / MIB,
    peakMiB: (peak - usualPeak) / MIB,
    delivered: received.deliveries,
    closes,
  }
}

function publish(pair: Pair, receivers: number, messages: number) {
  return pair.run({ deliveries: receivers * messages, receivers, perTurn: 1, padding: PADDING })
}

/**
 * A layer in memory keeps 64 MiB of messages for those who come back. It has them before anything is
 * measured, from a room with a single socket.
 */
async function fillTail(pair: Pair, variant: Variant): Promise<void> {
  if (!OURS.includes(variant)) return
  const room = 'tail'
  const alone = { protocol: protocolOf(variant), sockets: 1, rooms: [room], sampled: 0 }
  assertAllOpen(await openSockets(pair.client, pair.server, alone))
  await pair.run({ room, receivers: 1, deliveries: TAIL_MESSAGES, perTurn: 1, padding: PADDING })
}

/** A connection is not over before the peer has answered, or has not for some seconds. */
async function closesOf(server: Worker, expected: boolean): Promise<readonly number[]> {
  const deadline = performance.now() + (expected ? CLOSING_MS : 0)
  for (;;) {
    const closes = await server.call<number[]>('closes')
    if (closes.length > 0 || performance.now() > deadline) return closes
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

function rowOf({ variant, publishedMiB, growthMiB, peakMiB, delivered, closes }: Stalled): Row {
  return {
    server: variant,
    'published MiB': publishedMiB,
    'delivered to the others': delivered,
    'RSS growth MiB': growthMiB,
    'peak growth MiB': peakMiB,
    'closed with': closes.join(', ') || 'not closed',
  }
}

function targetsOf({ variant, growthMiB, closes }: Stalled): Target[] {
  const others = closes.filter((code) => code !== SLOW_CONSUMER).length
  return [
    atMost(`${variant}, RSS growth`, growthMiB, 24, ' MiB'),
    atMost(`${variant}, stalled readers still connected`, closes.length === 1 ? 0 : 1, 0),
    atMost(`${variant}, closed with another code than 1013`, others, 0),
  ]
}
