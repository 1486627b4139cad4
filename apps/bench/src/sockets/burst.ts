// Everybody comes at once, as after a deploy: what that does to those who are there already.

import { startWorker, type Worker } from '@chan/testkit'
import { atMost, type Bench, type Row, type Target } from '../bench.js'
import { medianOf, type Quantiles } from '../measure/numbers.js'
import type { Opened } from './client/crowd.js'
import type { Received } from './client/tally.js'
import { affordable, missingNotes, type SocketsContext } from './context.js'
import { assertAllOpen, openSockets, sizeIs, startLoad } from './load.js'
import { OthersMeter } from './others-meter.js'
import { inRounds, Rounds } from './rounds.js'
import { busyOthers } from './row.js'
import { entryOf, protocolOf, type Variant } from './variants.js'

/** What is by hand shows what the libraries themselves do to those who are there. */
const VARIANTS: readonly Variant[] = ['chan ws', 'ws-rooms', 'chan uws', 'uws-rooms', 'socket.io']
const OURS: readonly Variant[] = ['chan ws', 'chan uws']
const THERE = 100
/** From one message to all of them to the next. */
const EVERY_MS = 10

interface Burst {
  readonly quiet: Quantiles
  readonly busy: Quantiles
  readonly opened: Opened
  readonly others: number | undefined
}

export const burst: Bench<SocketsContext> = {
  name: 'burst',
  title: `many connect at once while ${THERE} are there and get a message every ${EVERY_MS} ms`,
  async run(context) {
    const newcomers = affordable(context, context.full ? 20_000 : 4_000) - THERE
    const quietMs = context.full ? 10_000 : 3_000
    const bursts = new Rounds<Burst>()
    await inRounds(context, VARIANTS, async (variant) => {
      bursts.add(variant, await measure(variant, newcomers, quietMs))
    })
    const ours = OURS.filter((variant) => bursts.has(variant))
    return {
      rows: bursts.each(rowOf),
      targets: ours.flatMap((variant) => targetsOf(variant, bursts.of(variant))),
      notes: missingNotes(context, VARIANTS),
    }
  },
}

async function measure(variant: Variant, newcomers: number, quietMs: number): Promise<Burst> {
  const protocol = protocolOf(variant)
  await using server = await startWorker(entryOf(variant))
  await using there = await startLoad()
  const room = { protocol, sockets: THERE, rooms: ['room'], sampled: THERE }
  assertAllOpen(await openSockets(there, server, room))
  await using coming = await startLoad()
  // Code is compiled, in all three.
  const crowd = { protocol, sockets: 200, rooms: ['crowd'], sampled: 0 }
  await chatDuring(there, variant, () => openSockets(coming, server, crowd))
  await coming.call('close')
  await sizeIs(server, THERE)
  const { latency: quiet } = await chatDuring(there, variant, () => pause(quietMs))
  const meter = new OthersMeter([server.pid, there.pid, coming.pid])
  let opened: Opened | undefined
  const { latency: busy } = await chatDuring(there, variant, async () => {
    opened = await openSockets(coming, server, { ...crowd, sockets: newcomers })
  })
  return { quiet, busy, opened: opened as Opened, others: meter.stop() }
}

/** One of those who are there says something at a rate, for as long as the task takes. */
async function chatDuring(
  there: Worker,
  variant: Variant,
  task: () => Promise<unknown>,
): Promise<Received> {
  await there.call('expect', Number.POSITIVE_INFINITY)
  const chatting = there.call<number>('chat', {
    protocol: protocolOf(variant),
    receivers: THERE,
    window: Number.POSITIVE_INFINITY,
    everyMs: EVERY_MS,
  })
  await task()
  await there.call('stopChat')
  await there.call('expectInAll', (await chatting) * THERE)
  return await there.call<Received>('received')
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function rowOf(variant: Variant, bursts: readonly Burst[]): Row {
  const median = (number: (burst: Burst) => number) => medianOf(bursts.map(number))
  return {
    server: variant,
    connects: median(({ opened }) => opened.opened),
    refused: refusedIn(bursts),
    'connects/s': median(({ opened }) => opened.opened / opened.seconds),
    'quiet p50 ms': median(({ quiet }) => quiet.p50),
    'quiet p99 ms': median(({ quiet }) => quiet.p99),
    'burst p50 ms': median(({ busy }) => busy.p50),
    'burst p99 ms': median(({ busy }) => busy.p99),
    'burst max ms': median(({ busy }) => busy.max),
    'p99 ratio': median(ratioOf),
    'busy others': busyOthers(bursts),
  }
}

function targetsOf(variant: Variant, bursts: readonly Burst[]): Target[] {
  const ratio = medianOf(bursts.map(ratioOf))
  return [
    atMost(`${variant}, refused`, refusedIn(bursts), 0),
    atMost(`${variant}, p99 in the burst over p99 in quiet`, ratio, 5, ' ×'),
  ]
}

function refusedIn(bursts: readonly Burst[]): number {
  return bursts.reduce((sum, { opened }) => sum + opened.refused, 0)
}

function ratioOf({ quiet, busy }: Burst): number {
  return busy.p99 / quiet.p99
}
