// How a run looks in a table.

import type { Row } from '../bench.js'
import type { Measured } from './shape.js'

export function rowOf(what: string, measured: Measured): Row {
  const { messages, perSecond, latency, cost, outOfOrder, lost } = measured
  return {
    run: what,
    messages,
    'messages/s': perSecond,
    'p50 ms': latency.p50,
    'p99 ms': latency.p99,
    'publisher µs': cost.publisher,
    'postgres µs': cost.postgres,
    'subscriber µs': cost.subscriber,
    // The peer's; ours throw.
    ...(outOfOrder + lost > 0 && { 'out of order': outOfOrder, lost }),
    'busy others': cost.others,
  }
}
