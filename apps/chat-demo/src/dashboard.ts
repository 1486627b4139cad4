// The dashboard: this server's metrics, once a second, with the last minute for whoever joins.

import type { ChannelLayer } from '@chan/core'
import { type SocketRouter, websocketChannelHandler } from '@chan/ws'
import type { Hono } from 'hono'
import { type Metrics, startProbes } from './metrics.js'

const EVERY_MS = 1000
const SAMPLES = 60

/**
 * Adds the socket `/ws/dashboard` and the endpoint `GET /api/metrics/snapshot`, and starts
 * publishing; answers how to stop.
 */
export function dashboard(app: Hono, layer: ChannelLayer, sockets: SocketRouter): () => void {
  const metrics = layer.channel<Metrics>('metrics:system', { maxHistory: SAMPLES })

  sockets.route('/ws/dashboard', (socket) =>
    websocketChannelHandler(socket, metrics, { receiveOnly: true }),
  )
  app.get('/api/metrics/snapshot', async (c) => {
    const messages = await metrics.history({ limit: SAMPLES })
    return c.json({ metrics: messages.map((message) => message.data) })
  })

  const probes = startProbes({
    connections: () => sockets.size,
    published: () => layer.stats().published,
  })
  const timer = setInterval(() => {
    metrics.publish(probes.read()).catch((error) => console.error('metrics:', error))
  }, EVERY_MS)

  return () => {
    clearInterval(timer)
    probes.stop()
  }
}
