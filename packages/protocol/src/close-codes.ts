// The WebSocket close codes that Chan sends, and the verdict of every code that can arrive.
// The ranges of 4000–4399 carry the verdict, so that a new code there needs no new client.

import type { Verdict } from './error-codes.js'

/** The close codes that a Chan server sends, by name. */
export const CloseCode = {
  /** The end that one side wanted. */
  normal: 1000,
  /** A binary frame arrived where text is spoken. */
  binaryRefused: 1003,
  /** A text frame was not UTF-8. */
  badUtf8: 1007,
  /** The channel is denied to this user, or the peer sends faster than it may. */
  policy: 1008,
  /** A frame was larger than the limit. */
  tooLarge: 1009,
  /** A hook failed, or the server did. */
  fault: 1011,
  /** The server drains and goes away; another one, or the same after its restart, takes over. */
  goingAway: 1012,
  /** The peer reads too slowly, or the messages it would need next are gone. */
  slowConsumer: 1013,
} as const

/** One of the close codes that a Chan server sends. */
export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode]

/** Below 3000, everything not listed here is an accident of transport: `retry`. */
const stops: ReadonlySet<number> = new Set([
  1000, // somebody wanted it
  1002, // protocol error: the same bytes would fail again
  1003,
  1007,
  1008,
  1009,
  1010, // an extension the client insists on is missing
])

const ranges: readonly Verdict[] = ['retry', 'refresh', 'resubscribe', 'stop']

/**
 * What a client does after its socket closed with a code; total over all numbers.
 * - 4000–4099 `retry`, 4100–4199 `refresh`, 4200–4299 `resubscribe`, 4300–4399 `stop`;
 * - 1000, 1002, 1003, 1007, 1008, 1009, 1010 `stop`;
 * - 3000–3999 and 4400–4999 `stop`: another application's code, sent on purpose;
 * - everything else (1001, 1005, 1006, 1011, 1012, 1013, …, also what is no close code) `retry`.
 */
export function closeVerdict(code: number): Verdict {
  if (code >= 4000 && code < 4400) return ranges[Math.floor((code - 4000) / 100)] ?? 'stop'
  if (code >= 3000 && code < 5000) return 'stop'
  return stops.has(code) ? 'stop' : 'retry'
}
