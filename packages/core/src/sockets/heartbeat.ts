// Finds connections whose peer is gone without a word: a ping at intervals, and a deadline for any
// sign of life after it.

import type { Timer } from '../model/clock.js'
import type { CoarseTimers } from './coarse-timers.js'
import type { SocketDurations } from './limits.js'

/** What the heartbeat does to a connection. */
export interface Pulse {
  ping(): void
  /** Nothing was heard in time. */
  dead(): void
}

/** One connection's heartbeat. A half-open connection is found after interval + timeout. */
export class Heartbeat {
  readonly #timers: CoarseTimers
  readonly #durations: SocketDurations
  readonly #pulse: Pulse
  #heard = false
  #timer: Timer

  constructor(timers: CoarseTimers, durations: SocketDurations, pulse: Pulse) {
    this.#timers = timers
    this.#durations = durations
    this.#pulse = pulse
    this.#timer = timers.after(durations.pingIntervalMs, this.#ping)
  }

  /** Something arrived from the peer; a pong is only one way to live. */
  heard(): void {
    this.#heard = true
  }

  stop(): void {
    this.#timer.cancel()
  }

  readonly #ping = (): void => {
    this.#heard = false
    this.#timer = this.#timers.after(this.#durations.pongTimeoutMs, this.#check)
    this.#pulse.ping()
  }

  readonly #check = (): void => {
    if (!this.#heard) return this.#pulse.dead()
    const { pingIntervalMs, pongTimeoutMs } = this.#durations
    this.#timer = this.#timers.after(Math.max(0, pingIntervalMs - pongTimeoutMs), this.#ping)
  }
}
