// Runs tasks late and out of turn, except that tasks which share a lane keep their order.

import type { Later } from '@chan/core/backend'

interface Waiting {
  readonly lanes: readonly string[]
  /** Lanes in which something still stands before it. */
  behind: number
  readonly start: () => void
}

/** Tasks in lanes, each begun after a random number of turns of the event loop. */
export class Lanes {
  readonly #random: () => number
  readonly #maxTurns: number
  readonly #lanes = new Map<string, Waiting[]>()
  #size = 0

  constructor(random: () => number, maxTurns = 3) {
    this.#random = random
    this.#maxTurns = maxTurns
  }

  /** Tasks that have not begun. */
  get size(): number {
    return this.#size
  }

  /**
   * Begins the task when it is first in all its lanes and has waited. The next in a lane begins after
   * that; it does not wait for the result.
   */
  run<T>(lanes: readonly string[], task: () => T | Later<T>): Promise<T> {
    this.#size++
    return new Promise<T>((resolve, reject) => {
      const start = () => {
        // The answer, too, comes late.
        Promise.resolve()
          .then(async () => task())
          .then(
            (value) => this.#later(() => resolve(value)),
            (error) => this.#later(() => reject(error)),
          )
      }
      const distinct = [...new Set(lanes)]
      const entry: Waiting = { lanes: distinct, behind: 0, start }
      for (const lane of distinct) {
        const queue = this.#lanes.get(lane)
        if (!queue) this.#lanes.set(lane, [entry])
        else {
          queue.push(entry)
          entry.behind++
        }
      }
      if (entry.behind === 0) this.#later(() => this.#begin(entry))
    })
  }

  #begin(entry: Waiting): void {
    this.#size--
    entry.start()
    for (const lane of entry.lanes) {
      const queue = this.#lanes.get(lane) as Waiting[]
      queue.shift()
      const [next] = queue
      if (!next) this.#lanes.delete(lane)
      else if (--next.behind === 0) this.#later(() => this.#begin(next))
    }
  }

  #later(task: () => void): void {
    let turns = Math.floor(this.#random() * (this.#maxTurns + 1))
    const step = () => {
      if (turns-- <= 0) task()
      else setImmediate(step)
    }
    step()
  }
}
