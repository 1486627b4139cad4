// What carries the sockets: ws on the port of the pages, or uWebSockets.js on a port of its own.
// Nothing else of the demo knows which.

import type { Server } from 'node:http'
import type { SocketRouter } from '@chan/ws'
import { attachSockets } from '@chan/ws'

/** The sockets of one demo. */
export interface SocketServer {
  /** Takes the routes; closed before this is. */
  readonly router: SocketRouter
  /** Where it listens, unless that is the port of the pages. Known after `listen`. */
  readonly ownPort: number | undefined
  /** Call it when the routes are there. Rejects with the error of `server.listen`. */
  listen(): Promise<void>
  /** Listens no more, and drops whatever is still connected. */
  close(): void
}

/** Makes the sockets of pages that are served already. `host` is as it was asked for. */
export type Adapter = (pages: Server, host: string) => SocketServer

/**
 * uWebSockets.js where it gets a port, otherwise ws. What is not used is not loaded.
 * @throws {UwsUnavailable} it cannot be loaded here
 */
export async function loadAdapter(uwsPort: number | undefined): Promise<Adapter> {
  if (uwsPort === undefined) return onPagesPort
  const { loadUwsAdapter } = await import('./uws-adapter.js')
  return loadUwsAdapter(uwsPort)
}

const onPagesPort: Adapter = (pages) => ({
  router: attachSockets(pages),
  ownPort: undefined,
  async listen() {},
  close() {},
})
