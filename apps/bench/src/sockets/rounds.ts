// The same measured several times over, each time with all that is compared one after the other: a
// slow minute of the machine hits all of them, and what is compared is of one round.

import { medianOf } from '../measure/numbers.js'
import { present, type SocketsContext } from './context.js'
import type { Variant } from './variants.js'

/** By variant, one value of each round. */
export class Rounds<T> {
  readonly #values = new Map<Variant, T[]>()

  add(variant: Variant, value: T): void {
    const values = this.#values.get(variant)
    if (values) values.push(value)
    else this.#values.set(variant, [value])
  }

  of(variant: Variant): readonly T[] {
    return this.#values.get(variant) ?? []
  }

  has(...variants: readonly Variant[]): boolean {
    return variants.every((variant) => this.#values.has(variant))
  }

  /** For each variant, in the order in which they came. */
  each<R>(make: (variant: Variant, values: readonly T[]) => R): R[] {
    return [...this.#values].map(([variant, values]) => make(variant, values))
  }

  median(variant: Variant, number: (value: T) => number): number {
    return medianOf(this.of(variant).map(number))
  }

  /** The median of one's ratio to the other, round by round. */
  ratio(ours: Variant, theirs: Variant, number: (value: T) => number): number {
    const their = this.of(theirs).map(number)
    return medianOf(
      this.of(ours).map((value, round) => number(value) / (their[round] ?? Number.NaN)),
    )
  }
}

/** One round, or as many as a claim needs. */
export async function inRounds(
  context: SocketsContext,
  variants: readonly Variant[],
  measure: (variant: Variant) => Promise<void>,
  afterRound: () => void = () => {},
): Promise<void> {
  for (let round = 0; round < (context.full ? 3 : 1); round++) {
    for (const variant of present(context, variants)) await measure(variant)
    afterRound()
  }
}
