// How long to wait before connecting again: not at all, then full jitter under a doubling ceiling,
// so that a thousand processes do not come back in step.

const BASE_MS = 50
const MAX_MS = 2_000

export class Backoff {
  readonly #random: () => number
  #attempt = 0

  /** @param random answers from 0 up to, not including, 1 */
  constructor(random: () => number = Math.random) {
    this.#random = random
  }

  /** Milliseconds to wait before the next attempt. */
  next(): number {
    const attempt = this.#attempt++
    if (attempt === 0) return 0
    return this.#random() * Math.min(MAX_MS, BASE_MS * 2 ** (attempt - 1))
  }

  /** The next attempt is a first one again. */
  reset(): void {
    this.#attempt = 0
  }
}
