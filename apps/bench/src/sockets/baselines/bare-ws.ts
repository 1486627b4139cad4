// The server that the baselines on ws share: one room, nothing known but a set of sockets.

import { createServer } from 'node:http'
import type { Socket } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { listenOn } from './listen.js'

/** With the connection under it, which ws does not declare. */
export type BareSocket = WebSocket & { readonly _socket: Socket }

export interface BareWs {
  readonly sockets: ReadonlySet<BareSocket>
  readonly port: number
}

export async function openBareWs(): Promise<BareWs> {
  const sockets = new Set<BareSocket>()
  const server = createServer()
  const completer = new WebSocketServer({ server, clientTracking: false, perMessageDeflate: false })
  completer.on('connection', (socket: BareSocket) => {
    sockets.add(socket)
    socket.on('message', ignore)
    socket.on('error', ignore)
    socket.on('close', () => sockets.delete(socket))
  })
  return { sockets, port: await listenOn(server) }
}

function ignore(): void {}
