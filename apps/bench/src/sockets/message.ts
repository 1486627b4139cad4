// What the sockets carry: messages whose text has the same length whoever sends it, so that bytes can
// be compared between servers.

import { nowMicros } from '../measure/clock.js'

/** What is published. */
export interface Data {
  /** When, as `stampNow` has it. */
  readonly t: number
  readonly pad?: string
}

/** What a message of Chan looks like on the wire. */
export interface Envelope {
  readonly channel: string
  readonly data: Data
  readonly sender: null
  readonly timestamp: number
  readonly offset: number
  readonly epoch: string
}

/** Stamps have ten digits and go round every thousand seconds. */
const ROUND = 1_000_000_000

/** As long as those of `@chan/memory`. */
const EPOCH = '0123456789abcdefghijk.0'

/** `42["m",` and `]`: what Socket.IO puts around the data of an event. */
const SOCKET_IO_AROUND = 8

export function stampNow(): number {
  return stampAt(nowMicros())
}

/** @param micros by `nowMicros` */
export function stampAt(micros: number): number {
  return ROUND + (micros % ROUND)
}

/** → milliseconds since the stamp in a message's text. */
export function ageOf(text: string): number {
  const at = text.indexOf('"t":') + 4
  const stamp = Number(text.slice(at, at + 10))
  return ((stampNow() - stamp + ROUND) % ROUND) / 1000
}

/** The wall clock, always an odd number: in seconds it has three decimals, never fewer. */
export function oddMillis(): number {
  const now = Date.now()
  return now - (now % 2) + 1
}

/** A message as Chan would send it, for those who frame it by hand. */
export function envelope(channel: string, data: Data, offset: number): Envelope {
  return { channel, data, sender: null, timestamp: oddMillis() / 1000, offset, epoch: EPOCH }
}

/** The same for an event of Socket.IO, whose text is then as long as the message's alone. */
export function eventEnvelope(channel: string, data: Data, offset: number): Envelope {
  return { ...envelope(channel, data, offset), epoch: EPOCH.slice(SOCKET_IO_AROUND) }
}
