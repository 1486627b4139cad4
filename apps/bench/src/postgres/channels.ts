// Whether the number of channels matters.

import { atMost, type Bench } from '../bench.js'
import type { PostgresContext } from './context.js'
import { rowOf } from './row.js'
import type { Measured } from './shape.js'
import { TwoProcesses } from './two-processes.js'

export const channels: Bench<PostgresContext> = {
  name: 'channels',
  title: 'cost per message from 1 to 10,000 channels, all of them subscribed',
  async run(context) {
    const runs: { channels: number; measured: Measured }[] = []
    for (const channels of context.full ? [1, 10, 100, 1_000, 10_000] : [1, 100, 10_000]) {
      await using processes = await TwoProcesses.start(context, { channels })
      const messages = context.full ? 200_000 : 40_000
      runs.push({ channels, measured: await processes.measure({ messages }) })
    }
    const costs = runs.map(({ measured }) => totalOf(measured))
    const times = runs.map(({ measured }) => 1 / measured.perSecond)
    return {
      rows: runs.map(({ channels, measured }) =>
        rowOf(`${channels.toLocaleString('en')} channels`, measured),
      ),
      targets: [
        atMost('processor time per message, dearest over 1 channel', spread(costs), 2, ' ×'),
        atMost('time per message, slowest over 1 channel', spread(times), 2, ' ×'),
      ],
    }
  },
}

function totalOf({ cost: { publisher, subscriber, postgres = 0 } }: Measured): number {
  return publisher + subscriber + postgres
}

function spread([first = Number.NaN, ...others]: readonly number[]): number {
  return Math.max(...others) / first
}
