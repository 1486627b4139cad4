// Somebody's dump: a transaction that sees an old snapshot and does nothing.

import pg from 'pg'
import { atLeast, atMost, type Bench } from '../bench.js'
import type { PostgresContext } from './context.js'
import { rowOf } from './row.js'
import { TwoProcesses } from './two-processes.js'

const RATE = 5_000

export const snapshot: Bench<PostgresContext> = {
  name: 'snapshot',
  title: `an idle REPEATABLE READ transaction at ${RATE.toLocaleString('en')} messages/s`,
  async run(context) {
    const seconds = context.full ? 60 : 10
    const load = { messages: RATE * seconds, rate: RATE }
    const without = await (async () => {
      await using processes = await TwoProcesses.start(context)
      return await processes.measure(load)
    })()
    await using processes = await TwoProcesses.start(context)
    const reader = new pg.Client({ connectionString: processes.databaseUrl })
    reader.on('error', () => {})
    await reader.connect()
    await reader.query('begin isolation level repeatable read')
    await reader.query('select count(*) from chan.channel')
    const beside = await processes.measure(load)
    await reader.query('commit')
    await reader.end()
    return {
      rows: [rowOf('without', without), rowOf(`open for ${seconds} s`, beside)],
      targets: [
        atLeast('throughput over without', beside.perSecond / without.perSecond, 0.5, ' ×'),
        atMost('p99 over without', beside.latency.p99 / without.latency.p99, 2, ' ×'),
      ],
    }
  },
}
