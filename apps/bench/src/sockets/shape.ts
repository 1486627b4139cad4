// How sockets stand around a server, what they are sent, and how that went.

import type { Quantiles } from '../measure/numbers.js'
import type { Variant } from './variants.js'

export interface Shape {
  readonly variant: Variant
  readonly sockets: number
  /** Over which the sockets are spread evenly. Default: one. */
  readonly rooms?: number
  /** Sockets that look into their messages for their age. Default: 10. */
  readonly sampled?: number
}

export interface Load {
  /** At least so many, in whole turns. */
  readonly deliveries: number
  /** Messages per turn of the event loop. */
  readonly perTurn: number
  /** Default: `room`, where all sockets of a single room are. */
  readonly room?: string
  /** Who gets each message, where not all sockets do. */
  readonly receivers?: number
  /** Makes messages larger, by so many bytes. */
  readonly padding?: number
}

export interface Measured {
  readonly deliveries: number
  readonly perSecond: number
  /** Of a message's text, on average. */
  readonly bytes: number
  /** Processor time of the server per delivery, in microseconds. */
  readonly cpu: number
  readonly latency: Quantiles
  /** Resident memory of the server at the end. */
  readonly rss: number
  /** Processors that neither server nor load kept busy; undefined where it cannot be told. */
  readonly others: number | undefined
}

/** The names of rooms, in which socket n is in room n % rooms. */
export function roomNames(rooms: number): string[] {
  if (rooms === 1) return ['room']
  return Array.from({ length: rooms }, (_, index) => `room-${index}`)
}

/** What may be on its way to one socket: less than the buffers of a connection hold. */
const ON_THE_WAY_BYTES = 64 * 1024
/** Deliveries on their way to all of them: enough to keep the server busy while acks travel. */
const ON_THE_WAY = 20_000

/** → turns that may be undelivered. */
export function windowFor(receivers: number, perTurn: number, bytes: number): number {
  const bySocket = ON_THE_WAY_BYTES / (perTurn * bytes)
  const byAll = ON_THE_WAY / (perTurn * receivers)
  return Math.max(3, Math.floor(Math.min(bySocket, byAll)))
}
