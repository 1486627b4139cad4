// Small sizes: that a benchmark measures what it says, not how fast anything is.

import type {} from '@chan/testkit/postgres-setup'
import { describe, expect, inject, it } from 'vitest'
import type { PostgresContext } from '../src/postgres/context.js'
import { TwoProcesses } from '../src/postgres/two-processes.js'

function context(): PostgresContext {
  const adminUrl = inject('postgresUrl')
  return { adminUrl, serverPid: undefined, full: false, profileFolder: '', tell: () => {} }
}

describe('messages between processes', () => {
  it('counts what arrives through a layer, from several publishers', {
    timeout: 60_000,
  }, async () => {
    const shape = { channels: 7, publishers: 2, size: 300 }
    await using processes = await TwoProcesses.start(context(), shape)
    const measured = await processes.measure({ messages: 1_000 })
    expect(measured).toMatchObject({ messages: 1_000, lost: 0, outOfOrder: 0 })
    expect(measured.perSecond).toBeCloseTo(1_000 / measured.seconds)
    expect(measured.latency.p50).toBeGreaterThan(0)
    expect(measured.cost.publisher).toBeGreaterThan(0)
  })

  it('keeps to a rate', { timeout: 60_000 }, async () => {
    await using processes = await TwoProcesses.start(context())
    const measured = await processes.measure({ messages: 500, rate: 1_000 })
    expect(measured.seconds).toBeGreaterThan(0.45)
    expect(measured.messages).toBe(500)
  })

  it.each([100, 20_000])('counts %i bytes through the peer', { timeout: 60_000 }, async (size) => {
    await using processes = await TwoProcesses.start(context(), { via: 'socket.io', size })
    const measured = await processes.measure({ messages: 200 })
    expect(measured).toMatchObject({ messages: 200, lost: 0 })
  })
})
