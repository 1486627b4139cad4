// The server: one layer, one HTTP server, the three examples on it, and the order they stop in.

import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { attachSockets } from '@chan/ws'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { chat } from './chat.js'
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
}

/** A running demo. */
export interface Demo {
  /** Where to find it, without a slash at the end. */
  readonly url: string
  /** Lets connected people know, finishes what was begun, and stops. Idempotent. */
  close(): Promise<void>
}

/**
 * Starts everything; rejects with the error of `server.listen`, for example `EADDRINUSE`.
 * @throws {ChanError} the database cannot be used; message and hint say why and what to do
 */
export async function startDemo({ port, host, databaseUrl }: DemoOptions): Promise<Demo> {
  const layer = await connectLayer(databaseUrl)
  const app = new Hono()
  const server = createServer(getRequestListener(app.fetch))
  const sockets = attachSockets(server)

  jsonErrors(app)
  chat(app, layer, sockets)
  notifications(app, layer, sockets)
  const stopMetrics = dashboard(app, layer, sockets)
  pages(app, fileURLToPath(new URL('../public', import.meta.url)))

  async function shutDown(): Promise<void> {
    stopMetrics()
    await sockets.close({ deadlineMs: 5_000 })
    await stopListening(server)
    await layer.disconnect()
  }

  try {
    server.listen(port, host)
    await once(server, 'listening')
  } catch (error) {
    await shutDown()
    throw error
  }
  let closed: Promise<void> | undefined
  return {
    url: urlOf(server.address() as AddressInfo),
    close() {
      closed ??= shutDown()
      return closed
    },
  }
}

/** Idle connections are closed at once; requests that are still running get a second. */
async function stopListening(server: Server): Promise<void> {
  if (!server.listening) return
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
