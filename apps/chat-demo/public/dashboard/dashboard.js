// The dashboard page: keeps the last minute of samples and redraws its tiles with each new one.

import { connect, showState } from '../shared/connection.js'
import { byId } from '../shared/page.js'
import { createPositions } from '../shared/position.js'
import { createTile } from './tile.js'

const SAMPLES = 60

/**
 * @typedef {{ server: string, cpuPercent: number, memoryBytes: number, heapBytes: number, messagesPerSecond: number,
 *   connections: number, eventLoopDelayMs: number }} Metrics
 * @typedef {{ channel: string, data: Metrics, offset?: number, epoch?: string }} MetricsMessage
 */

const tiles = [
  createTile({ title: 'CPU', unit: '%', digits: 1, read: (m) => m.cpuPercent }),
  createTile({
    title: 'Memory, resident',
    unit: 'MB',
    digits: 1,
    read: (m) => m.memoryBytes / 1e6,
  }),
  createTile({
    title: 'Memory, JavaScript heap',
    unit: 'MB',
    digits: 1,
    read: (m) => m.heapBytes / 1e6,
  }),
  createTile({ title: 'Messages', unit: '/ s', digits: 1, read: (m) => m.messagesPerSecond }),
  createTile({ title: 'Connections', unit: '', digits: 0, read: (m) => m.connections }),
  createTile({
    title: 'Event loop delay, 99th percentile',
    unit: 'ms',
    digits: 1,
    read: (m) => m.eventLoopDelayMs,
  }),
]
byId('address').textContent = location.host
byId('tiles').append(...tiles.map((tile) => tile.element))

const positions = createPositions()
/** @type {Metrics[]} */
let samples = []
let frame = 0

connect({
  path: '/ws/dashboard',
  onState: showState(byId('status')),
  onFrame(/** @type {MetricsMessage} */ message) {
    if (!('data' in message)) return
    if (positions.accept(message) === 'duplicate') return
    // A new process stands behind the same address: its line begins anew.
    if (message.data.server !== samples.at(-1)?.server) samples = []
    samples = [...samples, message.data].slice(-SAMPLES)
    // The history comes as sixty frames at once: draw once.
    cancelAnimationFrame(frame)
    frame = requestAnimationFrame(() => {
      for (const tile of tiles) tile.show(samples)
    })
  },
})
