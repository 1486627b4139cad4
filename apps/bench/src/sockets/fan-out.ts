// One channel, many sockets: what each delivery costs the server, against the peer and by hand.

import { atMost, type Bench, type Target } from '../bench.js'
import { affordable, missingNotes, type SocketsContext } from './context.js'
import { Pair } from './pair.js'
import { inRounds, Rounds } from './rounds.js'
import { rowOf } from './row.js'
import type { Measured } from './shape.js'
import type { Variant } from './variants.js'

const VARIANTS: readonly Variant[] = [
  'chan ws',
  'chan uws',
  'socket.io',
  'ws-loop',
  'ws-single',
  'ws-turn',
  'uws-cork',
  'uws-publish',
]

interface Promised {
  readonly perTurn: number
  readonly ours: Variant
  readonly theirs: Variant
  readonly most: number
}

const PROMISED: readonly Promised[] = [
  { perTurn: 1, ours: 'chan ws', theirs: 'socket.io', most: 0.55 },
  { perTurn: 1, ours: 'chan ws', theirs: 'ws-single', most: 1.1 },
  { perTurn: 1, ours: 'chan uws', theirs: 'uws-publish', most: 1.1 },
  { perTurn: 10, ours: 'chan ws', theirs: 'socket.io', most: 0.15 },
  { perTurn: 10, ours: 'chan ws', theirs: 'uws-publish', most: 1.5 },
  { perTurn: 10, ours: 'chan uws', theirs: 'uws-publish', most: 1.25 },
]

type Runs = Rounds<Measured>

export const fanOut: Bench<SocketsContext> = {
  name: 'fan-out',
  title: 'processor time per delivery, 500 and 5,000 sockets, 1 and 10 messages per turn',
  async run(context) {
    const cases = [500, affordable(context, 5_000)].map((sockets) => ({
      sockets,
      byTurn: new Map<number, Runs>([
        [1, new Rounds()],
        [10, new Rounds()],
      ]),
    }))
    for (const { sockets, byTurn } of cases) {
      await inRounds(
        context,
        VARIANTS,
        (variant) => measure(context, variant, sockets, byTurn),
        () => {
          for (const runs of byTurn.values()) assertSameBytes(runs)
        },
      )
    }
    const all = cases.flatMap(({ sockets, byTurn }) =>
      [...byTurn].map(([perTurn, runs]) => ({ sockets, perTurn, runs })),
    )
    return {
      rows: all.flatMap(({ sockets, perTurn, runs }) =>
        runs.each((variant, measured) =>
          rowOf(`${nameOf(sockets, perTurn)}, ${variant}`, measured),
        ),
      ),
      targets: all.flatMap(({ sockets, perTurn, runs }) =>
        PROMISED.filter((one) => one.perTurn === perTurn).flatMap((one) =>
          targetOf(nameOf(sockets, perTurn), one, runs),
        ),
      ),
      notes: missingNotes(context, VARIANTS),
    }
  },
}

async function measure(
  context: SocketsContext,
  variant: Variant,
  sockets: number,
  byTurn: ReadonlyMap<number, Runs>,
): Promise<void> {
  await using pair = await Pair.start(context, { variant, sockets })
  for (const [perTurn, runs] of byTurn) {
    await pair.run({ deliveries: context.full ? 200_000 : 50_000, perTurn })
    const measured = await pair.measure({ deliveries: context.full ? 1_000_000 : 250_000, perTurn })
    runs.add(variant, measured)
    context.tell(
      `${nameOf(sockets, perTurn)}, ${variant}: ${measured.cpu.toFixed(2)} µs per delivery`,
    )
  }
}

/** Whoever sends less is not compared with. */
function assertSameBytes(runs: Runs): void {
  const bytes = runs.each((variant, measured) => [variant, measured.at(-1)?.bytes] as const)
  if (new Set(bytes.map(([, each]) => each)).size <= 1) return
  const said = bytes.map(([variant, each]) => `${variant} ${each}`).join(', ')
  throw new Error(`Not all servers send the same number of bytes per message: ${said}`)
}

function targetOf(name: string, { ours, theirs, most }: Promised, runs: Runs): Target[] {
  if (!runs.has(ours, theirs)) return []
  const ratio = runs.ratio(ours, theirs, ({ cpu }) => cpu)
  return [atMost(`${name}, ${ours} over ${theirs}`, ratio, most, ' ×')]
}

function nameOf(sockets: number, perTurn: number): string {
  return `${sockets.toLocaleString('en')} × ${perTurn}`
}
