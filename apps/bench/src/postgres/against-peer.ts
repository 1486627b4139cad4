// Pairs of runs, ours and the peer's by turns, so that a slow minute of the machine hits both.

import { atLeast, type Findings } from '../bench.js'
import { medianOf } from '../measure/numbers.js'
import type { PostgresContext } from './context.js'
import { rowOf } from './row.js'
import type { Load, Measured, Shape } from './shape.js'
import { TwoProcesses } from './two-processes.js'

export interface Contest {
  readonly pairs: number
  readonly shape: Shape
  readonly ours: Load
  readonly theirs: Load
  /** How many times theirs ours shall be. */
  readonly wanted: number
}

export async function againstPeer(context: PostgresContext, contest: Contest): Promise<Findings> {
  const { pairs, shape, ours, theirs, wanted } = contest
  const measure = async (shape: Shape, load: Load) => {
    await using processes = await TwoProcesses.start(context, shape)
    return await processes.measure(load)
  }
  const runs: { ours: Measured; theirs: Measured }[] = []
  while (runs.length < pairs) {
    const run = {
      ours: await measure(shape, ours),
      theirs: await measure({ ...shape, via: 'socket.io' }, theirs),
    }
    runs.push(run)
    context.tell(`pair ${runs.length} of ${pairs}: ${ratioOf(run).toFixed(1)} times`)
  }
  const ratio = medianOf(runs.map(ratioOf))
  return {
    rows: runs.flatMap((run, index) => [
      rowOf(`pair ${index + 1}, chan`, run.ours),
      rowOf(`pair ${index + 1}, socket.io`, run.theirs),
    ]),
    targets: [atLeast(`times the peer, median of ${pairs} pairs`, ratio, wanted, ' ×')],
    notes: ['socket.io stores nothing: what it delivers is gone, and so is what nobody heard'],
  }
}

function ratioOf(run: { ours: Measured; theirs: Measured }): number {
  return run.ours.perSecond / run.theirs.perSecond
}
