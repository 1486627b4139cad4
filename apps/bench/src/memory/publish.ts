// One publish to callbacks of the same process, against an EventEmitter in turns.

import { startWorker, type Worker } from '@chan/testkit'
import { atMost, type Bench, type Target } from '../bench.js'
import { medianOf } from '../measure/numbers.js'
import type { Job } from './job.js'

export interface MemoryContext {
  readonly full: boolean
  tell(text: string): void
}

interface Case {
  readonly subscribers: number
  readonly publishes: number
  readonly batch: number
  /** The emitter's listeners are not all there is: the payload becomes JSON, too. */
  readonly stringify: boolean
}

const CASES: readonly Case[] = [
  { subscribers: 1, publishes: 10_000, batch: 100, stringify: true },
  { subscribers: 10, publishes: 10_000, batch: 100, stringify: true },
  { subscribers: 1_000, publishes: 500, batch: 10, stringify: false },
]
/** Published within one turn, of as many in all. */
const BURSTS = [1_000, 10_000, 100_000, 400_000]
const MOST_TIMES_SMALLEST = 1.3
const MOST_TIMES = 1.5
const MOST_ABOVE_MICROS = 1.5

interface Found extends Case {
  readonly chan: number
  readonly awaited: number
  readonly emitter: number
}

interface Burst {
  readonly size: number
  readonly outside: number
  readonly inCallback: number
  /** Over bursts of the smallest size in the same round, the larger of both. */
  readonly times: number
}

export const publish: Bench<MemoryContext> = {
  name: 'publish',
  title: 'to 1, 10 and 1,000 subscribers of the same process, against EventEmitter; and in bursts',
  async run(context) {
    await using chan = await startWorker(new URL('./chan-worker.ts', import.meta.url))
    await using emitter = await startWorker(new URL('./emitter-worker.ts', import.meta.url))
    const found: Found[] = []
    for (const one of CASES) {
      found.push(await measure(one, chan, emitter, context.full ? 60 : 15))
    }
    // Of its own: what it retains is everybody's to collect.
    await using bursting = await startWorker(new URL('./chan-worker.ts', import.meta.url))
    const bursts = await measureBursts(bursting, context.full ? 11 : 5)
    return {
      rows: [
        ...found.map(({ subscribers, chan, awaited, emitter, stringify }) => ({
          subscribers,
          'chan µs': chan,
          'chan, awaited µs': awaited,
          'emitter µs': emitter,
          'the emitter': stringify ? 'emit and JSON.stringify' : 'emit alone',
        })),
        ...bursts.map(({ size, outside, inCallback }) => ({
          subscribers: 1,
          'in one burst': size,
          'chan µs': outside,
          'chan, from a callback µs': inCallback,
        })),
      ],
      targets: [...found.map(targetOf), ...bursts.slice(1).map(burstTarget)],
    }
  },
}

/** Interleaved; the medians of all rounds after the first few, in which code is compiled. */
async function measure(one: Case, chan: Worker, emitter: Worker, rounds: number): Promise<Found> {
  const { subscribers, publishes, batch, stringify } = one
  const job: Job = { subscribers, publishes, batch, awaited: false }
  const took = { chan: [] as number[], awaited: [] as number[], emitter: [] as number[] }
  for (let round = -5; round < rounds; round++) {
    const times = {
      chan: await chan.call<number>('time', job),
      emitter: await emitter.call<number>('time', job, stringify),
      awaited: await chan.call<number>('time', { ...job, awaited: true }),
    }
    if (round < 0) continue
    for (const key of ['chan', 'emitter', 'awaited'] as const) took[key].push(times[key])
  }
  return {
    ...one,
    chan: medianOf(took.chan),
    awaited: medianOf(took.awaited),
    emitter: medianOf(took.emitter),
  }
}

/** Interleaved; compared within a round, the medians of all rounds after the first. */
async function measureBursts(chan: Worker, rounds: number): Promise<readonly Burst[]> {
  const total = Math.max(...BURSTS)
  const took = BURSTS.map(() => ({ outside: [] as number[], inCallback: [] as number[] }))
  for (let round = -1; round < rounds; round++) {
    for (const [at, size] of BURSTS.entries()) {
      const outside = await chan.call<number>('bursts', size, total, false)
      const inCallback = await chan.call<number>('bursts', size, total, true)
      if (round < 0) continue
      took[at]?.outside.push(outside)
      took[at]?.inCallback.push(inCallback)
    }
  }
  return BURSTS.map((size, at) => {
    const [smallest, own] = [took[0], took[at]] as [(typeof took)[0], (typeof took)[0]]
    const over = (key: 'outside' | 'inCallback') =>
      medianOf(own[key].map((micros, round) => micros / (smallest[key][round] ?? Number.NaN)))
    return {
      size,
      outside: medianOf(own.outside),
      inCallback: medianOf(own.inCallback),
      times: Math.max(over('outside'), over('inCallback')),
    }
  })
}

function burstTarget({ size, times }: Burst): Target {
  const what = `${size.toLocaleString('en')} in one burst, over 1,000`
  return atMost(what, times, MOST_TIMES_SMALLEST, ' ×')
}

function targetOf({ subscribers, chan, emitter, stringify }: Found): Target {
  const to = `to ${subscribers.toLocaleString('en')}`
  if (stringify) {
    return atMost(`${to}, above emit and JSON`, chan - emitter, MOST_ABOVE_MICROS, ' µs')
  }
  return atMost(`${to}, over emit`, chan / emitter, MOST_TIMES, ' ×')
}
