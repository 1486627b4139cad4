// Calls that have not been answered: waited for when the layer closes, and rejected when they still
// hang at the deadline.

import { Latch } from '../model/latch.js'
import type { Later } from '../ports/log.js'

/** @internal */
export class Flights {
  readonly #open = new Set<(reason: unknown) => void>()
  readonly #landed = new Latch()

  /**
   * Settles like `call`; what `arrived` answers is waited for as well. Built by hand, because every
   * publish passes here: one promise instead of a chain of async functions.
   */
  track<T>(
    call: Later<T>,
    arrived: (result: T) => Promise<void> | undefined = nothing,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#open.add(reject)
      const land = () => {
        this.#open.delete(reject)
        if (this.#open.size === 0) this.#landed.open()
      }
      call.then(
        (result) => {
          const delay = arrived(result)
          if (delay === undefined) {
            land()
            return resolve(result)
          }
          return delay.then(() => {
            land()
            resolve(result)
          })
        },
        (error) => {
          land()
          reject(error)
        },
      )
    })
  }

  /** Resolves when none is open. */
  async settled(): Promise<void> {
    if (this.#open.size > 0) await this.#landed.wait()
  }

  /** Rejects every one that is open. */
  abandon(reason: unknown): void {
    for (const reject of this.#open) reject(reason)
    this.#open.clear()
    this.#landed.open()
  }
}

function nothing(): undefined {}
