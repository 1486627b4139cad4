// A backend at the level of the port, with a clock that stands still.

import type { BackendSink, Entry, HistoryLimits, Message, PageLimit } from '@chan/core/backend'
import { ManualClock } from '@chan/core/testing'
import { InMemoryBus, type InMemoryBusOptions, MemoryBackend } from '../src/index.js'

export const LIMITS: HistoryLimits = { maxHistory: 100, historyTtlMs: null, explicit: false }
export const EVERYTHING: PageLimit = { messages: Infinity, bytes: Infinity }
export const atMost = (messages: number): PageLimit => ({ messages, bytes: Infinity })

export function entry(data: unknown, id: string | null = null): Entry {
  const body = JSON.stringify(data)
  const bytes = new TextEncoder().encode(body).length
  return { body, bytes, sender: null, timestamp: 0, id, ephemeral: false }
}

export async function open(options: InMemoryBusOptions = {}) {
  const clock = new ManualClock()
  const bus = new InMemoryBus(options)
  const delivered: Message[] = []
  const sink: BackendSink = {
    deliver: (_channel, message) => delivered.push(message),
    presence: () => {},
    gap: () => {},
    status: () => {},
    report: (error) => {
      throw error
    },
  }
  const join = async (own: BackendSink = sink) => {
    const backend = new MemoryBackend(bus)
    await backend.open({ sink: own, clock })
    return backend
  }
  const backend = await join()
  const publish = (channel: string, data: unknown = 0, limits = LIMITS) =>
    backend.append(channel, entry(data), limits)
  const shown = async (channel: string) =>
    (await backend.history(channel, {}, LIMITS, EVERYTHING)).messages.map((message) => message.data)
  return { clock, bus, backend, join, sink, delivered, publish, shown }
}
