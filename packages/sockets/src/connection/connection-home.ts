// What connections of a router share: their clock, their timer and their turns.

import type { Clock } from '@chan/core/connections'
import type { FanOut } from '../port/port.js'
import { CoarseTimers } from './coarse-timers.js'
import type { ConnectionHome } from './connection.js'
import type { SocketDurations } from './limits.js'
import { Turn } from './turn.js'

/** What differs between homes. */
export interface HomeOptions {
  readonly fanOut?: FanOut | undefined
  readonly gone?: ConnectionHome['gone']
}

/** A home for the connections of one router, on sockets of one adapter. */
export function connectionHome(
  clock: Clock,
  durations: SocketDurations,
  { fanOut, gone = () => {} }: HomeOptions = {},
): ConnectionHome {
  const { pingIntervalMs, pongTimeoutMs, closeTimeoutMs } = durations
  // Late by a tenth of the shortest wait, at most by a second or two.
  const shortest = Math.min(pingIntervalMs, pongTimeoutMs, closeTimeoutMs)
  const tickMs = Math.min(1000, Math.max(5, Math.round(shortest / 10)))
  const turn = new Turn(clock, fanOut)
  return { clock, durations, timers: new CoarseTimers(clock, tickMs), turn, gone }
}
