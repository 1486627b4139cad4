// At most so many tasks at a time, so that a gap in many channels does not become a storm of reads.

import { Ring } from '../model/ring.js'

/** @internal */
export class Limiter {
  readonly #limit: number
  #running = 0
  readonly #waiting = new Ring<() => void>()

  constructor(limit: number) {
    this.#limit = limit
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#limit) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    } else this.#running++
    try {
      return await task()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running--
    }
  }
}
