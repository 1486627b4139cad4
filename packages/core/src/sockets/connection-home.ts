// What connections share: their clock, their timer and the source of their ids.

import type { Clock } from '../model/clock.js'
import { CoarseTimers } from './coarse-timers.js'
import type { ConnectionHome } from './connection.js'
import type { SocketDurations } from './limits.js'
import type { FanOut } from './port.js'
import { Turn } from './turn.js'

/** A home for the connections of one router, on sockets of one adapter. */
export function connectionHome(
  clock: Clock,
  durations: SocketDurations,
  fanOut?: FanOut,
): ConnectionHome {
  const { pingIntervalMs, pongTimeoutMs, closeTimeoutMs } = durations
  // Late by a tenth of the shortest wait, at most by a second or two.
  const shortest = Math.min(pingIntervalMs, pongTimeoutMs, closeTimeoutMs)
  const tickMs = Math.min(1000, Math.max(5, Math.round(shortest / 10)))
  const turn = new Turn(clock, fanOut)
  return { clock, durations, timers: new CoarseTimers(clock, tickMs), turn }
}

let prefix = ''
let count = 0

/** Random per process, counted in it: unique, and cheaper than a random id per socket. */
export function newConnectionId(): string {
  prefix ||= [...crypto.getRandomValues(new Uint8Array(9))]
    .map((byte) => byte.toString(36).padStart(2, '0'))
    .join('')
  return `${prefix}-${(++count).toString(36)}`
}
