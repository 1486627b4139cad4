// `adoptSocket`: a WebSocket that another framework accepted.

import type { IncomingMessage } from 'node:http'
import { type AdoptOptions, adopt, type ChannelSocket } from '@chan/sockets'
import type { AcceptedSocket } from './accepted-socket.js'
import { fanOut } from './fan-out.js'
import { upgradeRequest } from './upgrade-request.js'
import { WsSocket } from './ws-socket.js'

/**
 * Takes over a socket of the `ws` package. Call it in the turn the framework hands the socket over:
 * frames that arrive before are lost. Authentication is the framework's; the origin is checked here,
 * and a foreign one closed with 1008. The socket is not part of any router: it is closed by
 * `socket.close`, by its bridge, or when the layer disconnects. Limits on compression and, before
 * core's own, on message size are those of the framework's ws server.
 * @throws {ChanError} `invalid-option`
 */
export function adoptSocket(
  ws: AcceptedSocket,
  request: IncomingMessage,
  options: AdoptOptions = {},
): ChannelSocket {
  const adapted = new WsSocket(ws)
  const { socket, handler } = adopt(adapted, upgradeRequest(request), options, fanOut)
  adapted.listen(handler)
  return socket
}
