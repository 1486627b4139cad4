// What connected processes cost when nothing happens.

import { type PostgresServer, startPostgres, startWorker, type Worker } from '@chan/testkit'
import { atMost, type Bench } from '../bench.js'
import { cpuOfTree } from '../measure/cpu.js'
import { callEach } from './call-each.js'
import { newDatabase, type PostgresContext } from './context.js'
import { setupOf } from './shape.js'
import { WriteGauge } from './write-marks.js'

const PROCESSES = 3
/** Longer than the server's own 15 s between two snapshots for standbys. */
const STILL_MS = 18_000
/** Longer than the 30 s after which the next part of a log is put away. */
const STILL_AFTER_PUBLISHING_MS = 75_000

export const idle: Bench<PostgresContext> = {
  name: 'idle',
  title: `${PROCESSES} connected processes and nothing to do: transaction ids and WAL`,
  async run(context) {
    const seconds = context.full ? 60 : 10
    const server = await serverWithoutAutovacuum(context)
    try {
      return await measure({ ...context, ...server?.context }, seconds)
    } finally {
      await server?.server.close()
    }
  },
}

async function measure(context: PostgresContext, seconds: number) {
  const database = await newDatabase(context)
  const workers: Worker[] = []
  try {
    for (let index = 0; index < PROCESSES; index++) {
      const setup = setupOf({ channels: 10, publishers: PROCESSES }, database.url, index)
      const entry = new URL('./workers/idler.ts', import.meta.url)
      workers.push(await startWorker(entry, { args: [JSON.stringify(setup)] }))
    }
    // What there was to keep and to forget is dealt with, and then there is nothing.
    if (context.full) await callEach(workers, 'publish')
    await using gauge = await WriteGauge.open(database.url)
    const settled = context.full
      ? await gauge.settle(STILL_AFTER_PUBLISHING_MS, 300_000)
      : await gauge.settle(STILL_MS, 45_000)
    const cpu = async () => {
      const usages = await callEach<NodeJS.CpuUsage>(workers, 'cpu')
      return usages.reduce((sum, { user, system }) => sum + user + system, 0)
    }
    const [before, cpuBefore, serverBefore] = [
      await gauge.read(),
      await cpu(),
      cpuOfTree(context.serverPid),
    ]
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
    const [after, cpuAfter, serverAfter] = [
      await gauge.read(),
      await cpu(),
      cpuOfTree(context.serverPid),
    ]
    const xids = Number(after.xid - before.xid)
    const wal = Number(after.wal - before.wal)
    const busy =
      serverBefore === undefined || serverAfter === undefined
        ? undefined
        : (serverAfter - serverBefore) / (seconds * 10_000)
    return {
      rows: [
        {
          run: `${seconds} s`,
          'transaction ids': xids,
          'WAL bytes': wal,
          'reading transactions/s': (after.transactions - before.transactions) / seconds,
          'processes, % of a processor': (cpuAfter - cpuBefore) / (seconds * 10_000),
          'postgres, % of a processor': busy,
        },
      ],
      targets: [atMost('transaction ids', xids, 0), atMost('bytes of WAL', wal, 0)],
      notes: settled ? [] : ['the server had not come to rest when this was measured'],
    }
  } finally {
    await Promise.all(workers.map((worker) => worker.kill()))
    await database.drop()
  }
}

/** Ours, where the server is: autovacuum is a setting of the whole server. */
async function serverWithoutAutovacuum(
  context: PostgresContext,
): Promise<{ server: PostgresServer; context: Partial<PostgresContext> } | undefined> {
  if (context.serverPid === undefined) return
  const server = await startPostgres({ sync: true, settings: { autovacuum: 'off' } })
  return { server, context: { adminUrl: server.url, serverPid: server.pid } }
}
