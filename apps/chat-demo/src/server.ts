// The server: one layer, one HTTP server, the sockets, the three examples on them, and the order they
// stop in.

import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { loadAdapter } from './adapter.js'
import { chat } from './chat.js'
import { config, socketUrl } from './config.js'
import { dashboard } from './dashboard.js'
import { connectLayer } from './layer.js'
import { notifications } from './notifications.js'
import { pages } from './pages.js'
import { jsonErrors } from './rest.js'

/** Where the demo listens, and what it shares with others. */
export interface DemoOptions {
  /** 0 takes any free port. */
  readonly port: number
  /** A name or address of this machine; `0.0.0.0` or `::` for all of them. */
  readonly host: string
  /**
   * The PostgreSQL through which servers share their channels, as an address that may hold a
   * password. Without it, everything stays in this process.
   */
  readonly databaseUrl?: string
  /**
   * Sockets are served by uWebSockets.js on this port, 0 takes any free one. Without it, by ws on the
   * port of the pages.
   */
  readonly uwsPort?: number
}

/** A running demo. */
export interface Demo {
  /** Where to find it, without a slash at the end. */
  readonly url: string
  /** Where its sockets are, likewise. */
  readonly socketUrl: string
  /** Lets connected people know, finishes what was begun, and stops. Idempotent. */
  close(): Promise<void>
}

/**
 * Starts everything; rejects with the error of `server.listen`, for example `EADDRINUSE`; its `port`
 * tells which of them it was.
 * @throws {ChanError} the database cannot be used; message and hint say why and what to do
 * @throws {UwsUnavailable} uWebSockets.js cannot be used, likewise
 */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const { port, host, databaseUrl, uwsPort } = options
  const serveSockets = await loadAdapter(uwsPort)
  const layer = await connectLayer(databaseUrl)
  const server = createServer()
  try {
    server.listen(port, host)
    await once(server, 'listening')
  } catch (error) {
    await layer.disconnect()
    throw error
  }

  // All in the turn in which it listens, so that no request comes too early.
  const app = new Hono()
  const sockets = serveSockets(server, host)
  jsonErrors(app)
  config(app, sockets)
  chat(app, layer, sockets.router)
  notifications(app, layer, sockets.router)
  const stopMetrics = dashboard(app, layer, sockets.router)
  pages(app, fileURLToPath(new URL('../public', import.meta.url)))
  server.on('request', getRequestListener(app.fetch))

  async function shutDown(): Promise<void> {
    stopMetrics()
    await sockets.router.close({ deadlineMs: 5_000 })
    sockets.close()
    await stopListening(server)
    await layer.disconnect()
  }

  try {
    await sockets.listen()
  } catch (error) {
    await shutDown()
    throw error
  }
  const url = urlOf(server.address() as AddressInfo)
  let closed: Promise<void> | undefined
  return {
    url,
    socketUrl: socketUrl(url, sockets.ownPort),
    close() {
      closed ??= shutDown()
      return closed
    },
  }
}

/** Idle connections are closed at once; requests that are still running get a second. */
async function stopListening(server: Server): Promise<void> {
  const impatience = setTimeout(() => server.closeAllConnections(), 1_000)
  server.close()
  await once(server, 'close')
  clearTimeout(impatience)
}

/** An address that stands for all of the machine's is shown as the one that works here. */
function urlOf({ address, port }: AddressInfo): string {
  if (address === '0.0.0.0' || address === '::') return `http://localhost:${port}`
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}`
}
