// Whether a delivery costs more the more sockets there are, and more than it does by hand: the more
// connections, the more a write to each costs the machine itself.

import { atMost, type Bench, type Target } from '../bench.js'
import { affordable, missingNotes, present, type SocketsContext } from './context.js'
import { Pair } from './pair.js'
import { rowOf } from './row.js'
import type { Measured } from './shape.js'
import type { Variant } from './variants.js'

/** Ours, and the best by hand on the same ground. */
const BY_HAND = [
  ['chan ws', 'ws-turn'],
  ['chan uws', 'uws-publish'],
] as const
const VARIANTS: readonly Variant[] = BY_HAND.flat()
const MOST = 1.3

interface Run {
  readonly variant: Variant
  readonly sockets: number
  readonly measured: Measured
}

export const flat: Bench<SocketsContext> = {
  name: 'flat',
  title: 'processor time per delivery from 10 to 10,000 sockets in one channel',
  async run(context) {
    const sizes = context.full ? [10, 100, 1_000, 10_000] : [10, 300, 10_000]
    const runs: Run[] = []
    for (const wanted of sizes) {
      const sockets = affordable(context, wanted)
      for (const variant of present(context, VARIANTS)) {
        runs.push({ variant, sockets, measured: await measure(context, variant, sockets) })
      }
    }
    return {
      rows: runs.map(({ variant, sockets, measured }) =>
        rowOf(`${sockets.toLocaleString('en')} sockets, ${variant}`, [measured]),
      ),
      targets: BY_HAND.flatMap(([ours, theirs]) =>
        targetsOf(ours, theirs, costsOf(runs, ours), costsOf(runs, theirs)),
      ),
      notes: missingNotes(context, VARIANTS),
    }
  },
}

async function measure(
  context: SocketsContext,
  variant: Variant,
  sockets: number,
): Promise<Measured> {
  await using pair = await Pair.start(context, { variant, sockets })
  await pair.run({ deliveries: context.full ? 200_000 : 50_000, perTurn: 1 })
  return await pair.measure({ deliveries: context.full ? 1_000_000 : 250_000, perTurn: 1 })
}

/** One of each size. */
function costsOf(runs: readonly Run[], variant: Variant): number[] {
  return runs.filter((run) => run.variant === variant).map(({ measured }) => measured.cpu)
}

function targetsOf(
  ours: Variant,
  theirs: Variant,
  our: readonly number[],
  their: readonly number[],
): Target[] {
  if (our.length === 0) return []
  const ratios = our.map((cost, size) => cost / (their[size] ?? Number.NaN))
  return [
    atMost(`${ours}, dearest over cheapest`, spread(our), MOST, ' ×'),
    atMost(`${ours}, the same of its ratio to ${theirs}`, spread(ratios), MOST, ' ×'),
  ]
}

function spread(values: readonly number[]): number {
  return Math.max(...values) / Math.min(...values)
}
