// The suite that every socket adapter must pass, on ws.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type SocketHarness, shuffled, socketSuite } from '@chan/conformance'
import { ChannelLayer } from '@chan/core'
import { InMemoryChannelLayer, MemoryBackend } from '@chan/memory'
import { describe, expect, test, vi } from 'vitest'
import { WebSocketServer } from 'ws'
import { adoptSocket, attachSockets } from '../src/index.js'

vi.setConfig({ testTimeout: 120_000 })

async function listening() {
  const server = createServer({ connectionsCheckingInterval: 50 })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { server, port, close }
}

const ws: SocketHarness = {
  name: 'ws',
  async start(options) {
    const { server, ...rest } = await listening()
    return { ...rest, router: attachSockets(server, options) }
  },
  async startAdopting(take, options) {
    const { server, ...rest } = await listening()
    const framework = new WebSocketServer({ server })
    framework.on('connection', (ws, request) => take(adoptSocket(ws, request, options)))
    return rest
  },
  createLayer: (options) => new InMemoryChannelLayer(options),
}

socketSuite({ describe, test, expect }, ws)
socketSuite(
  { describe, test, expect },
  {
    ...ws,
    name: 'ws, over a backend that is slow and out of turn',
    createLayer: (options) => new ChannelLayer(shuffled(new MemoryBackend(), 7), options),
  },
)
