// From when a message is due to its callback, at half of the throughput that is promised.

import { atMost, type Bench } from '../bench.js'
import type { PostgresContext } from './context.js'
import { rowOf } from './row.js'
import { TwoProcesses } from './two-processes.js'

const RATE = 20_000

export const latency: Bench<PostgresContext> = {
  name: 'latency',
  title: `end to end at ${RATE.toLocaleString('en')} messages/s, durable`,
  async run(context) {
    await using processes = await TwoProcesses.start(context)
    const seconds = context.full ? 30 : 5
    const measured = await processes.measure({ messages: RATE * seconds, rate: RATE })
    return {
      rows: [rowOf(`${seconds} s`, measured)],
      targets: [atMost('p99', measured.latency.p99, 50, ' ms')],
    }
  },
}
