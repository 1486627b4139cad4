// An upgrade: snapshot, admission, and then the handshake or the refusal.

import type { SocketGate } from '@chan/core/sockets'
import type { UwsRequest, UwsResponse } from './app.js'
import { respond } from './refusal-response.js'
import { upgradeRequest } from './upgrade-request.js'
import type { UwsSocket } from './uws-socket.js'

/** What a socket of uWS carries: `open` puts ours there. */
export interface Seat {
  socket?: UwsSocket
}

/** @internal */
export function upgrade(
  gate: SocketGate,
  secure: boolean,
  response: UwsResponse,
  request: UwsRequest,
  context: object,
): void {
  const snapshot = upgradeRequest(response, request, secure)
  if (!gate.matches(snapshot.url)) return void request.setYield(true)
  // uWS has seen that it has the 24 characters that it reads later.
  const key = request.getHeader('sec-websocket-key')
  const { headers } = snapshot
  if (headers['sec-websocket-version'] !== '13') {
    return void response.cork(() => {
      const text = 'Only version 13 of the WebSocket protocol is spoken here'
      respond(response, { status: 426, text }, { 'Sec-WebSocket-Version': '13' })
    })
  }
  const abandoned = new AbortController()
  response.onAborted(() => abandoned.abort())
  void gate.admit(snapshot, abandoned.signal).then((answer) => {
    // From then on every touch of the response throws.
    if (abandoned.signal.aborted) return
    if (answer.refused) return void response.cork(() => respond(response, answer))
    const seat: Seat = {}
    response.cork(() => {
      const extensions = headers['sec-websocket-extensions'] ?? ''
      // The bridge is no subprotocol: none is agreed to.
      response.upgrade({ seat }, key, '', extensions, context)
    })
    // Not within `open`: a socket that is closed while uWS corks its handshake keeps its TCP
    // connection until a timeout.
    const { socket } = seat
    socket?.listen(gate.open(socket, answer))
  })
}
