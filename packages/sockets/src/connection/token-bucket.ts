// How often something may happen: a bucket that fills with time and empties with use.

import type { Clock } from '@chan/core/connections'
import type { Rate } from './limits.js'

/** Starts full. */
export class TokenBucket {
  readonly #rate: Rate
  readonly #clock: Clock
  #tokens: number
  #filledAt: number

  constructor(rate: Rate, clock: Clock) {
    this.#rate = rate
    this.#clock = clock
    this.#tokens = rate.burst
    this.#filledAt = clock.now()
  }

  /** Takes a token, if there is one. */
  take(): boolean {
    const now = this.#clock.now()
    // The wall clock may be set back: that adds nothing and takes nothing.
    const elapsed = Math.max(0, now - this.#filledAt)
    this.#filledAt = now
    const { perSecond, burst } = this.#rate
    this.#tokens = Math.min(burst, this.#tokens + (elapsed / 1000) * perSecond)
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }

  /** Milliseconds until the next token, 0 if there is one. */
  get waitMs(): number {
    return Math.max(0, Math.ceil(((1 - this.#tokens) / this.#rate.perSecond) * 1000))
  }
}
