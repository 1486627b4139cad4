// How a run looks in a table.

import type { Row } from '../bench.js'
import { medianOf } from '../measure/numbers.js'
import type { Measured } from './shape.js'

const MIB = 1024 * 1024

/** The median of each column over several runs. */
export function rowOf(what: string, runs: readonly Measured[]): Row {
  const median = (value: (run: Measured) => number) => medianOf(runs.map(value))
  return {
    run: what,
    deliveries: median((run) => run.deliveries),
    'deliveries/s': median((run) => run.perSecond),
    'server µs': median((run) => run.cpu),
    bytes: median((run) => run.bytes),
    'p50 ms': median((run) => run.latency.p50),
    'p99 ms': median((run) => run.latency.p99),
    'RSS MiB': median((run) => run.rss) / MIB,
    'busy others': busyOthers(runs),
  }
}

/** Undefined where the machine does not tell. */
export function busyOthers(runs: readonly { readonly others: number | undefined }[]) {
  const told = runs.flatMap(({ others }) => (others === undefined ? [] : [others]))
  return told.length === 0 ? undefined : medianOf(told)
}
