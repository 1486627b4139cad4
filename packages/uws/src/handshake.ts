// The handshake: a response becomes a socket.

import type { UwsResponse } from './app.js'
import type { UwsSocket } from './uws-socket.js'

/** What the answer is made of. */
export interface Handshake {
  readonly key: string
  readonly extensions: string
  /** S10: what core chose, undefined for none. */
  readonly protocol: string | undefined
}

/**
 * Completes the handshake; the socket is open then. Rarely it is not, because it closed at
 * once: `cork` takes the socket for the response that it was, looks whether that was to be closed,
 * and may find there what a garbage collection left in the meantime (uWebSockets#1929, repaired in
 * July 2026). So as little as can be happens within `cork`. It does not where uWS corks by itself,
 * in the call in which it tells of the request.
 * @internal
 */
export function handshake(
  response: UwsResponse,
  { key, extensions, protocol }: Handshake,
  context: object,
  socket: UwsSocket,
): void {
  const data = { socket }
  response.cork(() => response.upgrade(data, key, protocol ?? '', extensions, context))
}
