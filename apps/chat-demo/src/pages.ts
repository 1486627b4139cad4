// The pages: plain files, sent with headers that keep other people's scripts out.

import { serveStatic } from '@hono/node-server/serve-static'
import type { Hono } from 'hono'
import { secureHeaders } from 'hono/secure-headers'

/** Serves the folder. Comes last: what the examples answer goes first. */
export function pages(app: Hono, folder: string): void {
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'self'"],
        // Sockets may have a port of their own, and not every browser counts the page's as 'self'.
        connectSrc: ["'self'", 'ws:', 'wss:'],
        frameAncestors: ["'none'"],
      },
      // The demo speaks plain HTTP; this would break other programs on localhost.
      strictTransportSecurity: false,
    }),
    serveStatic({
      root: folder,
      // After an update the browser asks again instead of mixing old and new scripts.
      onFound: (_path, c) => c.header('cache-control', 'no-cache'),
    }),
  )
}
