// An upgrade: snapshot, admission, and then the handshake or the refusal.

import type { Admission, Refusal, SocketGate } from '@chan/core/sockets'
import type { UwsRequest, UwsResponse } from './app.js'
import { respond } from './refusal-response.js'
import { upgradeRequest } from './upgrade-request.js'
import type { UwsSocket } from './uws-socket.js'

/** What a socket of uWS carries: `open` puts ours there. */
export interface Seat {
  socket?: UwsSocket
}

/**
 * Counts what uWS tells of: within its calls JavaScript runs amid its own work. One for all apps, which
 * share the loop of their thread.
 */
export const uwsEvents = { count: 0 }

/** @internal */
export function upgrade(
  gate: SocketGate,
  secure: boolean,
  response: UwsResponse,
  request: UwsRequest,
  context: object,
): void {
  const snapshot = upgradeRequest(response, request, secure)
  const { headers } = snapshot
  if (!isUpgrade(headers) || !gate.matches(snapshot.url)) return void request.setYield(true)
  if (headers['sec-websocket-version'] !== '13') {
    return void response.cork(() => {
      const text = 'Only version 13 of the WebSocket protocol is spoken here'
      respond(response, { status: 426, text }, { 'Sec-WebSocket-Version': '13' })
    })
  }
  // uWS has seen that it has the 24 characters that it reads later.
  const key = request.getHeader('sec-websocket-key')
  const complete = (answer: Admission | Refusal) => {
    // From then on every touch of the response throws.
    if (abandoned.signal.aborted) return
    if (answer.refused) return void response.cork(() => respond(response, answer))
    const seat: Seat = {}
    response.cork(() => {
      const extensions = headers['sec-websocket-extensions'] ?? ''
      // The bridge is no subprotocol: none is agreed to.
      response.upgrade({ seat }, key, '', extensions, context)
    })
    // Not within `cork`, which looks at the connection once more and may take what was done to the
    // new socket meanwhile for a reason to close it.
    const { socket } = seat
    socket?.listen(gate.open(socket, answer))
  }
  const abandoned = new AbortController()
  response.onAborted(() => abandoned.abort())
  const own = ++uwsEvents.count
  void gate.admit(snapshot, abandoned.signal).then((answer) => {
    // A promise may settle while uWS reads the request or a message of somebody else, and a socket
    // that is made meanwhile ends the process. So it waits for a turn of its own, unless uWS has told
    // of nothing since.
    if (uwsEvents.count === own) complete(answer)
    else setImmediate(complete, answer)
  })
}

function isUpgrade({ upgrade, connection }: Readonly<Record<string, string>>): boolean {
  return upgrade?.toLowerCase() === 'websocket' && /\bupgrade\b/i.test(connection ?? '')
}
