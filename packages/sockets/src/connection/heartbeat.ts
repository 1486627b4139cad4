// Finds connections whose peer is gone without a word: a ping at intervals, and a deadline for any
// sign of life after it.

import type { CoarseTimers, Deadline } from './coarse-timers.js'
import type { SocketDurations } from './limits.js'

/** The connection, as its heartbeat sees it. */
export interface Pulse {
  readonly home: HeartbeatHome
  ping(): void
  /** Nothing was heard in time. */
  dead(): void
}

/** What the heartbeats of a router share. */
export interface HeartbeatHome {
  readonly timers: CoarseTimers
  readonly durations: SocketDurations
}

/** One connection's heartbeat. A half-open connection is found after interval + timeout. */
export class Heartbeat implements Deadline {
  readonly #pulse: Pulse
  #heard = false
  /** A ping was sent and its deadline runs. */
  #asked = false
  #tick: number

  constructor(pulse: Pulse) {
    this.#pulse = pulse
    const { timers, durations } = pulse.home
    this.#tick = timers.schedule(this, durations.pingIntervalMs)
  }

  /** Something arrived from the peer; a pong is only one way to live. */
  heard(): void {
    this.#heard = true
  }

  stop(): void {
    this.#pulse.home.timers.cancel(this, this.#tick)
  }

  /** @internal */
  due(): void {
    const { timers, durations } = this.#pulse.home
    const { pingIntervalMs, pongTimeoutMs } = durations
    if (!this.#asked) {
      this.#asked = true
      this.#heard = false
      this.#tick = timers.schedule(this, pongTimeoutMs)
      this.#pulse.ping()
    } else if (this.#heard) {
      this.#asked = false
      this.#tick = timers.schedule(this, Math.max(0, pingIntervalMs - pongTimeoutMs))
    } else this.#pulse.dead()
  }
}
