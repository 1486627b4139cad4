// One message with nothing else going on, beside one committed row on the same disk in the same
// seconds.

import { atMost, type Bench } from '../bench.js'
import { quantilesOf } from '../measure/numbers.js'
import { CommitTimer } from './commit-latency.js'
import type { PostgresContext } from './context.js'
import { TwoProcesses } from './two-processes.js'
import type { Ages } from './workers/subscriber.js'

const PER_ROUND = 25

export const lone: Bench<PostgresContext> = {
  name: 'lone',
  title: 'a lone message against one commit of one row',
  async run(context) {
    await using processes = await TwoProcesses.start(context)
    await using timer = await CommitTimer.open(processes.databaseUrl)
    const { subscriber, publishers } = processes
    const commits: number[] = []
    const resolved: number[] = []
    const arrived: number[] = []
    const rounds = context.full ? 40 : 12
    for (let round = 0; round < rounds; round++) {
      commits.push(...(await timer.take(PER_ROUND)))
      await subscriber.call('expect', PER_ROUND)
      const took = await publishers[0]?.call<number[]>('lone', PER_ROUND)
      resolved.push(...(took ?? []))
      arrived.push(...(await subscriber.call<Ages>('ages')))
    }
    const [commit, publish, message] = [commits, resolved, arrived].map(quantilesOf)
    if (!commit || !publish || !message) throw new Error('Nothing was measured')
    const row = (what: string, { p50, p99, max }: typeof commit) => {
      return { what, 'p50 ms': p50, 'p99 ms': p99, 'max ms': max }
    }
    return {
      rows: [
        row('one row committed', commit),
        row('publish resolved', publish),
        row('callback in the other process', message),
      ],
      targets: [
        atMost('message p50, for 1.5 commits and 1 ms', message.p50, commit.p50 * 1.5 + 1, ' ms'),
      ],
    }
  },
}
