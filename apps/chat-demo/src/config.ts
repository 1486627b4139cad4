// What a page has to know before it opens a socket.

import type { Hono } from 'hono'
import type { SocketServer } from './adapter.js'

/** Adds `GET /config`: `{ socketUrl }`, null where sockets are on the page's own host. */
export function config(app: Hono, sockets: SocketServer): void {
  app.get('/config', (c) => {
    const { ownPort } = sockets
    c.header('cache-control', 'no-store')
    // By the name under which the page was found: it is open to the same network.
    return c.json({ socketUrl: ownPort === undefined ? null : socketUrl(c.req.url, ownPort) })
  })
}

/** The base of all sockets' addresses, for pages at this one: without a slash at the end. */
export function socketUrl(pagesUrl: string, ownPort: number | undefined): string {
  const url = new URL(pagesUrl)
  url.protocol = 'ws:'
  if (ownPort !== undefined) url.port = String(ownPort)
  return url.origin
}
