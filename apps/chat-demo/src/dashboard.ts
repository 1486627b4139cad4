// The dashboard: this server's metrics, once a second, with the last minute for whoever joins.

import { randomUUID } from 'node:crypto'
import { type ChannelLayer, isChanError, type Message } from '@chan/core'
import { type SocketRouter, websocketChannelHandler } from '@chan/ws'
import type { Hono } from 'hono'
import { type Metrics, startProbes } from './metrics.js'

const EVERY_MS = 1000
/** What a page shows and the endpoint answers: one minute. */
const SAMPLES = 60
/** Servers whose minute fits into the history, where several share the channel. */
const SERVERS = 10
/** A minute, and room for timers that run late. */
const KEPT_MS = SAMPLES * EVERY_MS + 5_000

/** What is published. */
export type Sample = Metrics & {
  /** The process that was measured, for as long as it lives. */
  readonly server: string
}

/**
 * Adds the socket `/ws/dashboard` and the endpoint `GET /api/metrics/snapshot`, and starts
 * publishing; answers how to stop. All servers of a cluster publish on one channel; each shows the
 * samples that are its own.
 */
export function dashboard(app: Hono, layer: ChannelLayer, sockets: SocketRouter): () => void {
  const server = randomUUID()
  const isOwn = ({ data }: Message<Sample>) => data.server === server
  const metrics = layer.channel<Sample>('metrics:system', {
    maxHistory: SAMPLES * SERVERS,
    historyTtlMs: KEPT_MS,
  })

  sockets.route('/ws/dashboard', (socket) =>
    websocketChannelHandler(socket, metrics, { receiveOnly: true, filterFn: isOwn }),
  )
  app.get('/api/metrics/snapshot', async (c) => {
    const samples = (await metrics.history()).filter(isOwn).slice(-SAMPLES)
    return c.json({ metrics: samples.map((message) => message.data) })
  })

  const probes = startProbes({
    connections: () => sockets.size,
    published: () => layer.stats().published,
  })
  const timer = setInterval(() => {
    metrics.publish({ server, ...probes.read() }).catch((error) => {
      // While the database is away there is a sample less; the log has a line about it already.
      if (!isChanError(error) || !error.retryable) console.error('metrics:', error)
    })
  }, EVERY_MS)

  return () => {
    clearInterval(timer)
    probes.stop()
  }
}
