// The dashboard over a real socket and REST, and the probes on their own.

import { createServer } from 'node:http'
import { InMemoryChannelLayer } from '@chan/memory'
import { waitFor } from '@chan/testkit'
import { attachSockets } from '@chan/ws'
import { Hono } from 'hono'
import { expect, test, vi } from 'vitest'
import { dashboard } from '../src/dashboard.js'
import { type Metrics, startProbes } from '../src/metrics.js'
import { useDemo } from './running-demo.js'
import { openSocket } from './socket-client.js'

const demo = useDemo()

const sample = {
  server: expect.any(String),
  cpuPercent: expect.any(Number),
  memoryBytes: expect.any(Number),
  heapBytes: expect.any(Number),
  messagesPerSecond: expect.any(Number),
  connections: expect.any(Number),
  eventLoopDelayMs: expect.any(Number),
  eventLoopDelayMaxMs: expect.any(Number),
}

test('a sample arrives every second, and the snapshot has them all', async () => {
  const viewer = await openSocket(demo.url, '/ws/dashboard')
  await waitFor(() => viewer.frames.length >= 3, { deadlineMs: 10_000, label: 'three samples' })
  for (const { channel, sender, data } of viewer.frames) {
    expect(channel).toBe('metrics:system')
    expect(sender).toBeNull()
    expect(data).toEqual(sample)
    expect(data.memoryBytes).toBeGreaterThan(1e6)
  }
  expect(viewer.frames.at(-1).data.connections).toBe(1)
  const response = await fetch(`${demo.url}/api/metrics/snapshot`)
  const { metrics } = (await response.json()) as { metrics: unknown[] }
  expect(metrics.length).toBeGreaterThanOrEqual(3)
  expect(metrics.length).toBeLessThanOrEqual(60)
  expect(metrics).toContainEqual(viewer.frames[0].data)
  await viewer.close()
})

test('a viewer cannot publish', async () => {
  const viewer = await openSocket(demo.url, '/ws/dashboard')
  viewer.send(JSON.stringify({ cpuPercent: -1 }))
  await viewer.frame('the error', ({ error }) => error)
  const response = await fetch(`${demo.url}/api/metrics/snapshot`)
  const { metrics } = (await response.json()) as { metrics: { cpuPercent: number }[] }
  expect(metrics.every(({ cpuPercent }) => cpuPercent >= 0)).toBe(true)
  await viewer.close()
})

test('the snapshot is the last minute, and nothing is measured after the stop', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const app = new Hono()
  const layer = new InMemoryChannelLayer()
  const sockets = attachSockets(createServer())
  const stop = dashboard(app, layer, sockets)
  const channel = layer.channel<Metrics>('metrics:system')
  await vi.advanceTimersByTimeAsync(100_000)
  const answer = await app.request('/api/metrics/snapshot')
  const { metrics } = (await answer.json()) as { metrics: Metrics[] }
  const messages = await channel.history({ limit: 60 })
  expect(messages.map(({ offset }) => offset)).toEqual(Array.from({ length: 60 }, (_, n) => 41 + n))
  expect(metrics).toEqual(messages.map(({ data }) => data))
  stop()
  await vi.advanceTimersByTimeAsync(5_000)
  expect((await channel.history({ limit: 1 }))[0]?.offset).toBe(100)
  vi.useRealTimers()
  await sockets.close()
  await layer.disconnect()
})

test('messages are counted since the reading before', async () => {
  let published = 10
  const probes = startProbes({ connections: () => 7, published: () => published })
  expect(probes.read()).toMatchObject({ messagesPerSecond: 0, connections: 7 })
  published += 1000
  const { messagesPerSecond, cpuPercent } = probes.read()
  expect(messagesPerSecond).toBeGreaterThan(0)
  expect(cpuPercent).toBeGreaterThanOrEqual(0)
  expect(probes.read()).toMatchObject({ messagesPerSecond: 0 })
  probes.stop()
})
