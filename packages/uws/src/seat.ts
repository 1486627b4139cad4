// What a socket carries through uWS: itself, from its opening on, and what we made of it.

import type { UwsWebSocket } from './app.js'
import type { UwsSocket } from './uws-socket.js'

/** @internal */
export interface Seat {
  /** Undefined before it opens, and after it closed. */
  ws?: UwsWebSocket | undefined
  socket?: UwsSocket
}

/** @internal */
export function seatOf(ws: UwsWebSocket): Seat {
  return (ws.getUserData() as { readonly seat: Seat }).seat
}
