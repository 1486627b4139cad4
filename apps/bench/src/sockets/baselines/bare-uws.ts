// The server that the baselines on uWebSockets.js share: one room, every socket subscribed to it.

import type { TemplatedApp, WebSocket } from 'uWebSockets.js'
import { listenOnUws, loadUws } from './load-uws.js'

export type BareSocket = WebSocket<Record<string, never>>

export interface BareUws {
  readonly app: TemplatedApp
  readonly sockets: Set<BareSocket>
  readonly topic: string
  readonly port: number
}

export async function openBareUws(): Promise<BareUws> {
  const uws = await loadUws()
  const topic = 'room'
  const sockets = new Set<BareSocket>()
  const app = uws.App().ws<Record<string, never>>('/*', {
    open: (socket) => {
      sockets.add(socket)
      socket.subscribe(topic)
    },
    close: (socket) => void sockets.delete(socket),
  })
  return { app, sockets, topic, port: await listenOnUws(uws, app) }
}
