// Whether a delivery costs more the more sockets there are, and more than it does by hand: the more
// connections, the more a write to each costs the machine itself.

import { atMost, type Bench, type Target } from '../bench.js'
import { affordable, missingNotes, type SocketsContext } from './context.js'
import { Pair } from './pair.js'
import { inRounds, Rounds } from './rounds.js'
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

/** Of one number of sockets. */
interface Size {
  readonly sockets: number
  readonly runs: Rounds<Measured>
}

export const flat: Bench<SocketsContext> = {
  name: 'flat',
  title: 'processor time per delivery from 10 to 10,000 sockets in one channel',
  async run(context) {
    const sizes: Size[] = []
    for (const wanted of context.full ? [10, 100, 1_000, 10_000] : [10, 300, 10_000]) {
      const sockets = affordable(context, wanted)
      const runs = new Rounds<Measured>()
      await inRounds(context, VARIANTS, async (variant) => {
        runs.add(variant, await measure(context, variant, sockets))
      })
      sizes.push({ sockets, runs })
    }
    return {
      rows: sizes.flatMap(({ sockets, runs }) =>
        runs.each((variant, measured) =>
          rowOf(`${sockets.toLocaleString('en')} sockets, ${variant}`, measured),
        ),
      ),
      targets: BY_HAND.flatMap(([ours, theirs]) => targetsOf(ours, theirs, sizes)),
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

function targetsOf(ours: Variant, theirs: Variant, sizes: readonly Size[]): Target[] {
  if (!sizes.every(({ runs }) => runs.has(ours, theirs))) return []
  const cpu = (run: Measured) => run.cpu
  const costs = sizes.map(({ runs }) => runs.median(ours, cpu))
  const ratios = sizes.map(({ runs }) => runs.ratio(ours, theirs, cpu))
  return [
    atMost(`${ours}, dearest over cheapest`, spread(costs), MOST, ' ×'),
    atMost(`${ours}, the same of its ratio to ${theirs}`, spread(ratios), MOST, ' ×'),
  ]
}

function spread(values: readonly number[]): number {
  return Math.max(...values) / Math.min(...values)
}
