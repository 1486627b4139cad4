// Whether the database stops growing once the log is as long as it shall be.

import { atMost, type Bench } from '../bench.js'
import type { PostgresContext } from './context.js'
import { type SizeSample, sampleSizes } from './database-size.js'
import { rowOf } from './row.js'
import type { Measured } from './shape.js'
import { TwoProcesses } from './two-processes.js'

export const growth: Bench<PostgresContext> = {
  name: 'growth',
  title: 'total size at 5 million messages against the largest up to 2 million',
  long: true,
  async run(context) {
    const [early, late] = context.full ? [2_000_000, 5_000_000] : [200_000, 500_000]
    const recoveryMs = context.full ? 10_000 : 1_000
    await using processes = await TwoProcesses.start(context, { layer: { recoveryMs } })
    const { subscriber, databaseUrl } = processes
    let measured: Measured | undefined
    const samples = await sampleSizes(
      databaseUrl,
      () => subscriber.call<number>('progress'),
      async () => {
        measured = await processes.measure({ messages: late })
      },
    )
    const largestEarly = largest(samples.filter(({ messages }) => messages <= early))
    const largestLate = largest(samples.filter(({ messages }) => messages > early))
    const end = samples.at(-1)
    if (!end || !measured) throw new Error('Nothing was measured')
    return {
      rows: [
        sizeRow(`largest up to ${early.toLocaleString('en')}`, largestEarly),
        sizeRow(`largest from there to ${late.toLocaleString('en')}`, largestLate),
        sizeRow(`at ${late.toLocaleString('en')}`, end),
        rowOf('the run', measured),
      ],
      targets: [
        atMost(
          'size at the end over the largest early',
          end.schema / largestEarly.schema,
          1.3,
          ' ×',
        ),
      ],
      notes: [`recoveryMs ${recoveryMs}; sizes of tables, indexes and TOAST of the schema`],
    }
  },
}

function largest(samples: readonly SizeSample[]): SizeSample {
  const [first, ...others] = samples
  if (!first) throw new Error('The run was too short to look at its size')
  return others.reduce((most, one) => (one.schema > most.schema ? one : most), first)
}

function sizeRow(what: string, { messages, schema, database }: SizeSample) {
  return { run: what, messages, 'schema MB': schema / 1e6, 'database MB': database / 1e6 }
}
