// `attachSockets`: upgrades of a Node HTTP server, decided by core and completed by ws.

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import {
  createSocketRouter,
  type SocketGate,
  type SocketOptions,
  type SocketRouter,
} from '@chan/sockets'
import { WebSocketServer } from 'ws'
import { fanOut } from './fan-out.js'
import { type ConnectionServer, declineUpgrade, offersWebSocket } from './other-upgrade.js'
import { PendingUpgrade } from './pending-upgrade.js'
import { respond } from './refusal-response.js'
import { upgradeRequest } from './upgrade-request.js'
import { WsSocket } from './ws-socket.js'

type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

/** What is used of a server: those of `node:http` and `node:https` have it. */
export interface UpgradeServer extends ConnectionServer {
  on(event: 'upgrade', listener: UpgradeListener): unknown
  // biome-ignore lint/complexity/noBannedTypes: as Node declares it
  listeners(event: 'upgrade' | 'secureConnection'): readonly Function[]
  headersTimeout?: number
}

/** Each message for itself, so that connections keep no dictionaries between them. */
const DEFLATE = { threshold: 1024, serverNoContextTakeover: true, clientNoContextTakeover: true }

/**
 * Pongs that may wait for one peer, which ws drops then. It needs some 300 bytes for each, while core
 * counts what goes over the wire, as little as two. Not ws's 60: a packet may bring as many pings.
 */
const MOST_PONGS = 1000

/** Marks our listeners, so that two routers on one server know of each other. */
const gateOf: unique symbol = Symbol.for('chan.ws.gate')

/**
 * Serves sockets on a Node HTTP or HTTPS server; add routes to what it answers. An upgrade without a
 * route is left alone if the server has another `upgrade` listener (Next, Vite), else answered with
 * 404. A request that offers another protocol than WebSocket (`Upgrade: h2c`) is answered by the server
 * as if it offered nothing, or with 501 if it has a body, unless there is another `upgrade` listener.
 *
 * Lowers `server.headersTimeout` to `handshakeTimeoutMs` (10 s), so that connections which never
 * finish their request are answered 408 and closed. Node looks for them at its
 * `connectionsCheckingInterval`, every 30 s unless the server was created with another.
 * @throws {ChanError} `invalid-option`, before anything was attached
 */
export function attachSockets<Context = undefined>(
  server: UpgradeServer,
  options: SocketOptions<Context> = {},
): SocketRouter<Context> {
  const { router, gate } = createSocketRouter(options, { fanOut })
  // Options of ws that its types do not know yet.
  const undeclared = {
    // For peers that begin to close, or break the protocol, and then stay.
    closeTimeout: gate.closeTimeoutMs,
    maxPendingAutoPongs: MOST_PONGS,
  }
  const completer = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: options.perMessageDeflate === true ? DEFLATE : false,
    skipUTF8Validation: false,
    maxPayload: gate.maxPayloadBytes,
    ...undeclared,
  })
  const listener: UpgradeListener = (request, socket, head) => {
    if (!offersWebSocket(request)) {
      if (isLast(server, listener)) declineUpgrade(server, request, socket, head)
    } else if (gate.matches(request.url ?? '')) {
      upgrade(gate, completer, request, socket, head).catch(() => socket.destroy())
    } else if (isLast(server, listener, request.url))
      respond(socket, { status: 404, text: 'Not found' })
  }
  server.on('upgrade', Object.assign(listener, { [gateOf]: gate }))
  const { headersTimeout } = server
  if (
    headersTimeout !== undefined &&
    !(headersTimeout > 0 && headersTimeout <= gate.handshakeTimeoutMs)
  ) {
    server.headersTimeout = gate.handshakeTimeoutMs
  }
  return router
}

async function upgrade(
  gate: SocketGate,
  completer: WebSocketServer,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  const pending = new PendingUpgrade(socket, head)
  const answer = await gate.admit(upgradeRequest(request), pending.abandoned)
  if (pending.abandoned.aborted) return
  const early = pending.release()
  if (answer.refused) respond(socket, answer)
  else {
    // S10: ws answers the first one offered, and refuses lists that core could read.
    request.headers['sec-websocket-protocol'] = answer.protocol
    completer.handleUpgrade(request, socket, early, (ws) => {
      const adapted = new WsSocket(ws)
      adapted.listen(gate.open(adapted, answer))
    })
  }
  // Also after a refusal: unread bytes would turn the answer into a reset connection.
  socket.resume()
}

/**
 * Nobody else may want it: an upgrade that nobody answers hangs.
 * @param url where it may be one of ours
 */
function isLast(server: UpgradeServer, listener: UpgradeListener, url?: string): boolean {
  const others = server.listeners('upgrade').filter((other) => other !== listener)
  const gates = others.map((other) => (other as { [gateOf]?: SocketGate })[gateOf])
  if (gates.includes(undefined)) return false
  if (url !== undefined && gates.some((gate) => gate?.matches(url))) return false
  // Of several routers that all have no route for it, the first answers.
  return server.listeners('upgrade')[0] === listener
}
