// What it costs to publish inside the application's own transactions.

import { runSql, startWorker, type Worker } from '@chan/testkit'
import { atLeast, type Bench, type Row } from '../bench.js'
import { medianOf } from '../measure/numbers.js'
import { newDatabase, type PostgresContext } from './context.js'
import { type Cost, CostMeter } from './cost.js'
import { setupOf } from './shape.js'
import type { Committed, Mode } from './workers/committer.js'
import { channelName } from './workers/setup.js'
import type { Tally } from './workers/tally.js'

const CONNECTIONS = 32
const CHANNELS = 100
const MODES: readonly Mode[] = ['plain', 'tx', 'sql', 'by hand']

interface Run {
  readonly mode: Mode
  readonly committed: Committed
  readonly tally: Tally | undefined
  /** Of what was published, when the last transaction had committed. */
  readonly undelivered: number
  /** Per transaction: of the program, of the process that receives, of PostgreSQL. */
  readonly cost: Cost
}

export const transactions: Bench<PostgresContext> = {
  name: 'transactions',
  title: `publishing in the application's transactions, ${CONNECTIONS} connections`,
  async run(context) {
    const runs: Run[] = []
    const database = await newDatabase(context)
    const workers: Worker[] = []
    try {
      await prepare(database.url)
      const shape = { channels: CHANNELS, publishers: CONNECTIONS }
      const args = [JSON.stringify(setupOf(shape, database.url, 0))]
      const tally = await startWorker(new URL('./workers/tally.ts', import.meta.url), { args })
      workers.push(tally)
      const committer = await startWorker(new URL('./workers/committer.ts', import.meta.url), {
        args,
      })
      workers.push(committer)
      const measure = (mode: Mode, seconds: number) =>
        commitAndCount(context, committer, tally, mode, seconds)
      for (const mode of MODES) await measure(mode, 1)
      for (let round = 0; round < (context.full ? 5 : 3); round++) {
        for (const mode of MODES) {
          runs.push(await measure(mode, context.full ? 10 : 2))
        }
      }
    } finally {
      await Promise.all(workers.map((worker) => worker.kill()))
      await database.drop()
    }
    const rate = (mode: Mode) => {
      const all = runs.filter((run) => run.mode === mode)
      return medianOf(all.map(({ committed }) => committed.perSecond))
    }
    return {
      rows: runs.map(rowOf),
      targets: [
        atLeast(
          'publish(…, { tx }): commit rate over plain',
          rate('tx') / rate('plain'),
          0.5,
          ' ×',
        ),
        atLeast('publish(…, { tx }) over by hand', rate('tx') / rate('by hand'), 3, ' ×'),
        atLeast('chan.publish: commit rate over plain', rate('sql') / rate('plain'), 0.5, ' ×'),
        atLeast('chan.publish over by hand', rate('sql') / rate('by hand'), 3, ' ×'),
      ],
      notes: ['medians over the rounds; plain: begin, insert, commit; others: a statement more'],
    }
  },
}

async function commitAndCount(
  { serverPid }: PostgresContext,
  committer: Worker,
  tally: Worker,
  mode: Mode,
  seconds: number,
): Promise<Run> {
  const meter = new CostMeter([committer], tally, serverPid)
  await meter.start()
  const committed = await committer.call<Committed>('run', mode, seconds)
  const { commits } = committed
  if (mode === 'plain') {
    return { mode, committed, tally: undefined, undelivered: 0, cost: await meter.stop(commits) }
  }
  const undelivered = commits - (await tally.call<number>('count'))
  const delivered = await tally.call<Tally>('collect', commits)
  const cost = await meter.stop(commits)
  const { messages, duplicates } = delivered
  if (messages !== commits || duplicates > 0) {
    const went = `${messages} delivered, ${duplicates} of them twice`
    throw new Error(`${mode}: ${commits} committed, ${went}`)
  }
  return { mode, committed, tally: delivered, undelivered, cost }
}

function rowOf({ mode, committed, tally, undelivered, cost }: Run): Row {
  return {
    run: mode,
    commits: committed.commits,
    'commits/s': committed.perSecond,
    'transaction p50 ms': committed.latency.p50,
    'p99 ms': committed.latency.p99,
    'delivery p50 ms': tally?.latency.p50,
    'delivery p99 ms': tally?.latency.p99,
    'undelivered at the end': undelivered,
    'delivered after ms': tally && Math.max(0, (tally.endedAt - committed.endedAt) / 1000),
    'program µs': cost.publisher,
    'postgres µs': cost.postgres,
    'receiver µs': cost.subscriber,
    'busy others': cost.others,
  }
}

async function prepare(databaseUrl: string): Promise<void> {
  await runSql(databaseUrl, 'create table bench_row (id bigserial primary key, text text)')
  await runSql(databaseUrl, 'create table bench_counter (channel text primary key, n bigint)')
  const names = Array.from({ length: CHANNELS }, (_, index) => channelName(index))
  await runSql(databaseUrl, 'insert into bench_counter select unnest($1::text[]), 0', [names])
}
