// As fast as it goes, in both durabilities.

import { atLeast, type Bench } from '../bench.js'
import { medianOf } from '../measure/numbers.js'
import type { PostgresContext } from './context.js'
import { rowOf } from './row.js'
import type { Measured } from './shape.js'
import { TwoProcesses } from './two-processes.js'

export const throughput: Bench<PostgresContext> = {
  name: 'throughput',
  title: '100-byte messages over 100 channels, as fast as they go',
  async run(context) {
    const durable: Measured[] = []
    const unlogged: Measured[] = []
    for (let round = 0; round < (context.full ? 3 : 1); round++) {
      durable.push(await measure(context, 'durable'))
      unlogged.push(await measure(context, 'unlogged'))
    }
    return {
      rows: [
        ...durable.map((run) => rowOf('durable', run)),
        ...unlogged.map((run) => rowOf('unlogged', run)),
      ],
      targets: [
        atLeast('durable, median', medianOf(durable.map(speed)), 40_000, '/s'),
        atLeast('unlogged, median', medianOf(unlogged.map(speed)), 60_000, '/s'),
      ],
    }
  },
}

async function measure(context: PostgresContext, durability: 'durable' | 'unlogged') {
  await using processes = await TwoProcesses.start(context, { layer: { durability } })
  return await processes.measure({ messages: context.full ? 200_000 : 50_000 })
}

function speed({ perSecond }: Measured): number {
  return perSecond
}
