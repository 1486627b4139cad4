// Does something to many, a few at a time: what ends or asks for thousands must not do it in one turn,
// nor have all of them come back at once.

import type { Clock, Timer } from '../model/clock.js'
import { Latch } from '../model/latch.js'

const SPREAD_MS = 10_000
const STEP_MS = 100

/** @internal */
export class Spread<T> {
  readonly #clock: Clock
  readonly #act: (item: T) => void
  /** Those whose turn has not come. */
  readonly #due = new Set<T>()
  readonly #timers = new Set<Timer>()
  readonly #stepped = new Latch()

  /** @param act done to each; must not throw */
  constructor(clock: Clock, act: (item: T) => void) {
    this.#clock = clock
    this.#act = act
  }

  /**
   * Has the turn of each come within 10 s, in portions. One that waits for its turn keeps it. Resolves
   * when the last of them had it.
   */
  async over(items: readonly T[]): Promise<void> {
    const added = items.filter((item) => !this.#due.has(item))
    for (const item of added) this.#due.add(item)
    this.#next(added, 0, 1)
    while (items.some((item) => this.#due.has(item))) await this.#stepped.wait()
  }

  /** It needs no turn any more. */
  forget(item: T): void {
    this.#due.delete(item)
  }

  /** Nobody's turn comes any more. */
  close(): void {
    for (const timer of this.#timers) timer.cancel()
    this.#timers.clear()
    this.#due.clear()
    this.#stepped.open()
  }

  #next(items: readonly T[], from: number, step: number): void {
    if (from >= items.length) return
    const timer = this.#clock.after(STEP_MS, () => {
      this.#timers.delete(timer)
      const until = Math.ceil((items.length * step * STEP_MS) / SPREAD_MS)
      for (const item of items.slice(from, until)) if (this.#due.delete(item)) this.#act(item)
      this.#next(items, until, step + 1)
      this.#stepped.open()
    })
    this.#timers.add(timer)
  }
}
