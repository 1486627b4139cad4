// What connections of a router share: their clock, their timer and their turns.

import type { Clock } from '@chan/core/connections'
import type { FanOut } from '../port/port.js'
import { CoarseTimers } from './coarse-timers.js'
import type { SocketDurations } from './limits.js'
import { Turn } from './turn.js'

/** @internal For the connections of one router, on sockets of one adapter. */
export class Home {
  readonly clock: Clock
  readonly durations: SocketDurations
  readonly timers: CoarseTimers
  /** Gathers what is sent to them. */
  readonly turn: Turn

  /** Told that the adapter has let go of a connection. */
  readonly gone: (connection: object) => void

  constructor(
    clock: Clock,
    durations: SocketDurations,
    fanOut: FanOut | undefined,
    gone: (connection: object) => void = () => {},
  ) {
    this.clock = clock
    this.gone = gone
    this.durations = durations
    const { pingIntervalMs, pongTimeoutMs, closeTimeoutMs } = durations
    // Late by a tenth of the shortest wait, at most by a second or two.
    const shortest = Math.min(pingIntervalMs, pongTimeoutMs, closeTimeoutMs)
    const tickMs = Math.min(1000, Math.max(5, Math.round(shortest / 10)))
    this.timers = new CoarseTimers(clock, tickMs)
    this.turn = new Turn(clock, fanOut)
  }
}
