// What users configure: a router, and the routes that want it otherwise.

import { type Clock, refuse } from '@chan/core/connections'
import type { ConnectionLimits, SocketDurations } from '../connection/limits.js'
import type { Refusal } from '../port/port.js'
import type { Acceptance } from './accept.js'
import type { OriginOptions } from './origins.js'
import type { SocketRequest } from './request.js'

/** The request before it has a context. */
export type AdmitRequest = SocketRequest<Readonly<Record<string, string>>, undefined>

/**
 * Decides about an upgrade, before it: answers `refuse(status, text)`, or `false` or `null`, which is
 * a 403; or what becomes `request.context` (`undefined` admits as well), or
 * `accept({ protocol, context })` to choose a subprotocol along with it. A throw is a 500 and goes to
 * `onError`, and so does a subprotocol that was not offered; no answer within `handshakeTimeoutMs` is
 * a 503.
 */
export type Admit<Context> = (
  request: AdmitRequest,
) => Admitted<Context> | Promise<Admitted<Context>>

type Admitted<Context> = Context | Refusal | Acceptance<Context> | false | null

/** What a route may set for itself; the rest comes from its router. */
export interface RouteOptions<Context = undefined>
  extends OriginOptions,
    Partial<ConnectionLimits> {
  /**
   * Default: everybody is admitted. A route's own runs after its router's, within the same
   * `handshakeTimeoutMs`, and only where that has admitted; what it answers replaces the context, never
   * the check. The router's subprotocol stays unless the route's accepts for itself.
   */
  readonly admit?: Admit<Context>
}

/** Where a socket error came from. */
export interface SocketErrorContext {
  /** What was being done; `goAway`: telling a client that the server goes away. */
  readonly operation: 'admit' | 'handler' | 'goAway'
  /** The path of the request; for `goAway`, which comes long after it, that of the route. */
  readonly path: string
}

/** Options of `attachSockets`. */
export interface SocketOptions<Context = undefined>
  extends RouteOptions<Context>,
    Partial<SocketDurations> {
  /**
   * `turn` (default): what a turn of the event loop has for a socket is written together, and sockets
   * with the same messages share one buffer. `message`: each message is written by itself, as it
   * comes; the same to every client, and slower.
   */
  readonly fanOut?: 'turn' | 'message'
  /**
   * Compresses messages from 1 KiB on where the client offers permessage-deflate. Default false:
   * compressed messages are not shared between sockets. On ws, 2.4 kB messages to 200 sockets took
   * four times the processor time, and 0.4 MiB of memory for each socket.
   */
  readonly perMessageDeflate?: boolean
  /**
   * Hears of an `admit` that threw and of a route handler that failed (its socket is closed with
   * 1011). Default: one line on the console. What a bridge meets goes to its layer's `onError`.
   */
  readonly onError?: (error: unknown, context: SocketErrorContext) => void
  /** For tests. Default: the host's time. */
  readonly clock?: Clock
}

/** @throws {ChanError} `invalid-option` */
export function readFanOut(fanOut: SocketOptions['fanOut'] = 'turn'): 'turn' | 'message' {
  refuse(fanOut !== 'turn' && fanOut !== 'message', 'fanOut', "'turn' or 'message'")
  return fanOut
}
