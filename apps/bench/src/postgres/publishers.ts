// Many publishing processes instead of one, on the same channels.

import { atLeast, type Bench } from '../bench.js'
import type { PostgresContext } from './context.js'
import { rowOf } from './row.js'
import type { Shape } from './shape.js'
import { TwoProcesses } from './two-processes.js'

export const publishers: Bench<PostgresContext> = {
  name: 'publishers',
  title: '16 publishing processes against one, durable',
  async run(context) {
    const measure = async (shape: Shape) => {
      await using processes = await TwoProcesses.start(context, shape)
      return await processes.measure({ messages: context.full ? 200_000 : 48_000 })
    }
    const one = await measure({ publishers: 1 })
    const many = await measure({ publishers: 16 })
    const silent = await measure({ publishers: 16, publisherLayer: { listen: false } })
    const kept = many.perSecond / one.perSecond
    return {
      rows: [
        rowOf('1 process', one),
        rowOf('16 processes', many),
        rowOf('16 processes with listen: false', silent),
      ],
      targets: [atLeast('throughput of 16 over 1', kept, 0.5, ' ×')],
      notes: ['at most 10,000 publishes are unresolved in all of them together'],
    }
  },
}
