// Very many readers who stall in the middle of history, over PostgreSQL: what the server keeps for
// each, what that does to those who are well, and whether who reads on gets everything.

import { createTestDatabase, runSql, startPostgres } from '@chan/testkit'
import { atMost, type Bench, type Row, type Target } from '../bench.js'
import { medianOf } from '../measure/numbers.js'
import { missingNotes, present, type SocketsContext } from './context.js'
import { CROWDED, CrowdedPair, type Phase } from './crowded-pair.js'
import { kernelMemory, mostStalled } from './kernel-memory.js'
import { OthersMeter } from './others-meter.js'
import { inRounds, Rounds } from './rounds.js'
import { busyOthers } from './row.js'
import type { MemoryReading } from './servers/memory-gauge.js'
import type { Variant } from './variants.js'

const VARIANTS: readonly Variant[] = ['chan ws', 'chan uws']
const RETURNING = 100
/** Code is compiled, buffers have grown. */
const WARM_UP = 100
/** Before they are there, and again when they are gone: the machine may change in between. */
const QUIET_MS = 5_000
/** Of large messages alone 25 MB. */
const STALLED_MS = 10_000
/** After the last of them came: what was begun is over. */
const SETTLING_MS = 1_000
const MIB = 1024 * 1024

/** Bytes, and milliseconds, unless they say otherwise. */
interface Crowd {
  readonly stalled: number
  readonly quiet: readonly [Phase, Phase]
  /** While they connect. */
  readonly burst: Phase
  /** While they are there. */
  readonly crowded: Phase
  /** While some of them come back. */
  readonly returning: Phase
  /** For each that stalls, without garbage. */
  readonly rss: number
  readonly heap: number
  /** Above the peak of the same traffic without them. */
  readonly peak: number
  /** What waits in the server for each of them, by its own account. */
  readonly waiting: number
  /** What the kernel has for all connections. */
  readonly kernel: number | undefined
  /** Of the database: while they connect and stay, and while some come back. */
  readonly reads: number
  readonly readsReturning: number
  readonly returned: number
  readonly returningSeconds: number
  /** Who came back and did not get everything, and messages that did not follow the one before. */
  readonly incomplete: number
  readonly closed: number
  readonly others: number | undefined
}

export const stalledCrowd: Bench<SocketsContext> = {
  name: 'stalled-crowd',
  title: `many stall amid a history of ${CROWDED.history} × 60 kB over PostgreSQL, and some come back`,
  async run(context) {
    const wanted = context.full ? 1_000 : 200
    const stalled = Math.min(wanted, mostStalled() ?? wanted, context.mostSockets)
    // As PostgreSQL is by itself: every commit is on the disk before it is answered.
    const own = context.databaseUrl ? undefined : await startPostgres({ sync: true })
    const adminUrl = context.databaseUrl ?? (own?.url as string)
    const crowds = new Rounds<Crowd>()
    try {
      await inRounds(context, VARIANTS, async (variant) => {
        crowds.add(variant, await measure(context, adminUrl, variant, stalled))
      })
    } finally {
      await own?.close()
    }
    const measured = present(context, VARIANTS)
    const few = `${stalled} instead of ${wanted}: TCP has no memory for more on this machine`
    return {
      rows: crowds.each(rowOf),
      targets: measured.flatMap((variant) => targetsOf(variant, crowds.of(variant))),
      notes: [...(stalled < wanted ? [few] : []), ...missingNotes(context, VARIANTS)],
    }
  },
}

async function measure(
  context: SocketsContext,
  adminUrl: string,
  variant: Variant,
  stalled: number,
): Promise<Crowd> {
  const database = await createTestDatabase(adminUrl)
  try {
    await using pair = await CrowdedPair.start(context, variant, database.url)
    return await measureOn(pair, database.url, stalled)
  } finally {
    await database.drop()
  }
}

async function measureOn(pair: CrowdedPair, databaseUrl: string, stalled: number): Promise<Crowd> {
  const { server } = pair
  await pair.during(() => pair.stall(WARM_UP))
  await pair.leave()
  await runSql(databaseUrl, 'checkpoint')

  await server.call('startPeak')
  const quiet = await pair.during(() => pause(QUIET_MS), 'quiet')
  const usualPeak = await server.call<number>('stopPeak')
  await server.call('fill')
  const before = await server.call<MemoryReading>('memory')
  const kernelBefore = kernelMemory()
  const statsBefore = await pair.stats()

  await server.call('startPeak')
  const meter = new OthersMeter(pair.pids)
  const burst = await pair.during(async () => {
    await pair.stall(stalled)
    await pause(SETTLING_MS)
  }, 'burst')
  const crowded = await pair.during(() => pause(STALLED_MS), 'crowded')
  const others = meter.stop()
  const peak = await server.call<number>('stopPeak')
  const kernel = kernelMemory()
  const stats = await pair.stats()
  const after = await server.call<MemoryReading>('memory')

  let returningSeconds = 0
  const returning = await pair.during(async () => {
    returningSeconds = await pair.readOn(Math.min(RETURNING, stalled))
  }, 'returning')
  const { returned, incomplete, closed } = await pair.returned()
  const statsAfter = await pair.stats()
  await pair.leave()
  const quietAgain = await pair.during(() => pause(QUIET_MS), 'quiet-again')
  return {
    stalled,
    quiet: [quiet, quietAgain],
    burst,
    crowded,
    returning,
    rss: (after.rss - before.rss) / stalled,
    heap: (after.heap - before.heap) / stalled,
    peak: peak - usualPeak,
    waiting: stats.waiting / stalled,
    kernel: kernel === undefined ? undefined : kernel - (kernelBefore ?? 0),
    reads: stats.reads - statsBefore.reads,
    readsReturning: statsAfter.reads - stats.reads,
    returned,
    returningSeconds,
    incomplete,
    closed,
    others,
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function rowOf(variant: Variant, crowds: readonly Crowd[]): Row {
  const median = (number: (crowd: Crowd) => number) => medianOf(crowds.map(number))
  const isTold = crowds.every(({ kernel }) => kernel !== undefined)
  return {
    server: variant,
    stalled: median(({ stalled }) => stalled),
    'published MiB': median(({ crowded }) => crowded.publishedBytes) / MIB,
    'RSS KiB': median(({ rss }) => rss) / 1024,
    'heap KiB': median(({ heap }) => heap) / 1024,
    'waiting KiB': median(({ waiting }) => waiting) / 1024,
    'peak growth MiB': median(({ peak }) => peak) / MIB,
    'kernel MiB': isTold ? median(({ kernel = 0 }) => kernel) / MIB : undefined,
    'quiet p99 ms': median((crowd) => quietOf(crowd, ({ latency }) => latency.p99)),
    'quiet max ms': median((crowd) => quietOf(crowd, ({ latency }) => latency.max)),
    'burst p99 ms': median(({ burst }) => burst.latency.p99),
    'burst max ms': median(({ burst }) => burst.latency.max),
    'p99 ms': median(({ crowded }) => crowded.latency.p99),
    'max ms': median(({ crowded }) => crowded.latency.max),
    'p99 ratio': median(ratioOf),
    'quiet server %': median((crowd) => quietOf(crowd, ({ processors }) => processors * 100)),
    'server %': median(({ crowded }) => crowded.processors * 100),
    reads: median(({ reads }) => reads),
    returned: median(({ returned }) => returned),
    'returned after s': median(({ returningSeconds }) => returningSeconds),
    'reads for them': median(({ readsReturning }) => readsReturning),
    'returning p99 ms': median(({ returning }) => returning.latency.p99),
    'busy others': busyOthers(crowds),
  }
}

function targetsOf(variant: Variant, crowds: readonly Crowd[]): Target[] {
  const rss = medianOf(crowds.map((crowd) => crowd.rss / MIB))
  const ratio = medianOf(crowds.map(ratioOf))
  const sum = (number: (crowd: Crowd) => number) =>
    crowds.reduce((total, crowd) => total + number(crowd), 0)
  return [
    atMost(`${variant}, RSS for each that stalls`, rss, 1.2, ' MiB'),
    atMost(`${variant}, p99 while they are there over p99 in quiet`, ratio, 1.5, ' ×'),
    atMost(
      `${variant}, incomplete when they came back`,
      sum(({ incomplete }) => incomplete),
      0,
    ),
    atMost(
      `${variant}, closed`,
      sum(({ closed }) => closed),
      0,
    ),
  ]
}

function ratioOf(crowd: Crowd): number {
  return crowd.crowded.latency.p99 / quietOf(crowd, ({ latency }) => latency.p99)
}

/** The mean of before and afterwards. */
function quietOf({ quiet }: Crowd, number: (phase: Phase) => number): number {
  return (number(quiet[0]) + number(quiet[1])) / 2
}
