// Measures this process. Each reading covers the time since the one before.

import { monitorEventLoopDelay, performance } from 'node:perf_hooks'

/** One reading. */
export interface Metrics {
  /** Of one core, so it may exceed 100. */
  readonly cpuPercent: number
  /** Resident memory of the process. */
  readonly memoryBytes: number
  /** JavaScript objects in use. */
  readonly heapBytes: number
  /** Published through Chan by this process, these readings included. */
  readonly messagesPerSecond: number
  /** Open WebSockets. */
  readonly connections: number
  /** How late timers ran: 99 of 100 were at most this late. */
  readonly eventLoopDelayMs: number
  /** The latest of them. */
  readonly eventLoopDelayMaxMs: number
}

/** What cannot be asked of the process itself. */
export interface Counters {
  /** Sockets that are open now. */
  connections(): number
  /** Messages published since the start. */
  published(): number
}

const RESOLUTION_MS = 10

export function startProbes(counters: Counters) {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  let at = performance.now()
  let cpu = process.cpuUsage()
  let published = counters.published()

  function read(): Metrics {
    const now = performance.now()
    const seconds = Math.max(now - at, 1) / 1000
    const used = process.cpuUsage(cpu)
    const total = counters.published()
    const memory = process.memoryUsage()
    const metrics = {
      cpuPercent: round((used.user + used.system) / 1e4 / seconds),
      memoryBytes: memory.rss,
      heapBytes: memory.heapUsed,
      messagesPerSecond: round((total - published) / seconds),
      connections: counters.connections(),
      eventLoopDelayMs: lateness(delay.percentile(99)),
      eventLoopDelayMaxMs: lateness(delay.max),
    }
    delay.reset()
    at = now
    cpu = process.cpuUsage()
    published = total
    return metrics
  }

  return { read, stop: () => delay.disable() }
}

/** The histogram measures whole intervals, in nanoseconds: the wanted pause and the delay. */
function lateness(nanoseconds: number): number {
  return round(Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS))
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
