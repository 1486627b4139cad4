// Newcomers take turns: when thousands connect at once, those who are there already get their messages
// in between, instead of after the last handshake.

import type { Clock } from '@chan/core/connections'

/** Newcomers in one turn of the event loop: a millisecond or two of work. */
const PER_TURN = 4

/** @internal */
export class Pace {
  readonly #clock: Clock
  #waiting: (() => void)[] = []
  #head = 0
  #left = PER_TURN
  #scheduled = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Nothing if this turn has room, else a promise of a later one; in the order of the calls. */
  enter(): Promise<void> | undefined {
    if (!this.#scheduled) {
      this.#scheduled = true
      this.#clock.nextTurn(this.#endTurn)
    }
    if (this.#left === 0) return new Promise((resolve) => this.#waiting.push(resolve))
    this.#left--
    return undefined
  }

  readonly #endTurn = (): void => {
    const next = this.#waiting.slice(this.#head, this.#head + PER_TURN)
    this.#head += next.length
    this.#left = PER_TURN - next.length
    if (this.#head === this.#waiting.length) {
      this.#waiting = []
      this.#head = 0
    }
    // One more turn after the last, for those who come during this one.
    this.#scheduled = next.length > 0
    if (this.#scheduled) this.#clock.nextTurn(this.#endTurn)
    for (const enter of next) enter()
  }
}
