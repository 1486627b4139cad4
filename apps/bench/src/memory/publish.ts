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
const MOST_TIMES = 1.5
const MOST_ABOVE_MICROS = 1.5

interface Found extends Case {
  readonly chan: number
  readonly awaited: number
  readonly emitter: number
}

export const publish: Bench<MemoryContext> = {
  name: 'publish',
  title: 'to 1, 10 and 1,000 subscribers of the same process, against EventEmitter',
  async run(context) {
    await using chan = await startWorker(new URL('./chan-worker.ts', import.meta.url))
    await using emitter = await startWorker(new URL('./emitter-worker.ts', import.meta.url))
    const found: Found[] = []
    for (const one of CASES) {
      found.push(await measure(one, chan, emitter, context.full ? 60 : 15))
    }
    return {
      rows: found.map(({ subscribers, chan, awaited, emitter, stringify }) => ({
        subscribers,
        'chan µs': chan,
        'chan, awaited µs': awaited,
        'emitter µs': emitter,
        'the emitter': stringify ? 'emit and JSON.stringify' : 'emit alone',
      })),
      targets: found.map(targetOf),
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

function targetOf({ subscribers, chan, emitter, stringify }: Found): Target {
  const to = `to ${subscribers.toLocaleString('en')}`
  if (stringify) {
    return atMost(`${to}, above emit and JSON`, chan - emitter, MOST_ABOVE_MICROS, ' µs')
  }
  return atMost(`${to}, over emit`, chan / emitter, MOST_TIMES, ' ×')
}
