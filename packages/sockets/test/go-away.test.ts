// A drain for connections whose owners can have their peers leave by themselves.

import { ManualClock } from '@chan/core/testing'
import { describe, expect, test, vi } from 'vitest'
import { ConnectedSocket } from '../src/connection/channel-socket.js'
import type { ConnectionOwner, GoAway } from '../src/connection/connection.js'
import { createSocketRouter, type SocketOptions } from '../src/index.js'
import { FakeSocket } from './fake-socket.js'

const never = new AbortController().signal

/** A router whose path says who owns the connection: `/aware/1`, `/plain/1`, `/failing/1`, `/nobody/1`. */
function rig(options: SocketOptions<unknown> = {}) {
  const clock = new ManualClock()
  const onError = vi.fn()
  const told: { readonly name: string; readonly drain: GoAway; readonly at: number }[] = []
  const { router, gate } = createSocketRouter({ clock, onError, ...options })
  const start = clock.now()
  router.route('/:kind/:name', (socket, { params: { kind, name } }) => {
    const connection = ConnectedSocket.connectionOf(socket)
    const plain: ConnectionOwner = { connectionEnded: () => {}, takes: () => true }
    if (kind === 'plain') connection.claim(null, plain)
    if (kind === 'aware') {
      const goAway = (drain: GoAway) => told.push({ name, drain, at: clock.now() - start })
      connection.claim(null, { ...plain, goAway: (drain) => void goAway(drain) })
    }
    if (kind === 'failing') {
      const goAway = () => {
        throw new Error(`cannot tell ${name}`)
      }
      connection.claim(null, { ...plain, goAway })
    }
  })
  const ask = (url: string) =>
    gate.admit({ url, headers: {}, remoteAddress: '', secure: false }, never)
  const open = async (url: string) => {
    const admission = await ask(url)
    if (admission.refused) throw new Error(`refused with ${admission.status}`)
    const socket = new FakeSocket()
    const handler = gate.open(socket, admission)
    return { socket, handler, leave: () => handler.closed(1000, '') }
  }
  const openAll = async (kind: string, count: number) => {
    const opened: Awaited<ReturnType<typeof open>>[] = []
    for (let n = 0; n < count; n++) opened.push(await open(`/${kind}/${n}`))
    return opened
  }
  return { clock, router, onError, told, ask, open, openAll }
}

const sentAway = (opened: readonly { readonly socket: FakeSocket }[]) =>
  opened.filter(({ socket }) => socket.closedWith?.code === 1012).length

describe('a drain', () => {
  test('tells owners at once and once, and lets their peers leave by themselves', async () => {
    const { clock, router, told, ask, openAll } = rig()
    const aware = await openAll('aware', 3)
    const closed = vi.fn()
    void router.close({ spreadMs: 2_000 }).then(closed)
    void router.close()
    const drain = { spreadMs: 2_000, graceMs: 5_000 }
    expect(told).toEqual(['0', '1', '2'].map((name) => ({ name, drain, at: 0 })))
    expect(await ask('/aware/late')).toMatchObject({ refused: true, status: 503 })
    clock.advance(4_999)
    expect(sentAway(aware)).toBe(0)
    for (const { leave } of aware) leave()
    await vi.waitFor(() => expect(closed).toHaveBeenCalledOnce())
    expect(told).toHaveLength(3)
    expect(aware.every(({ socket }) => !socket.closedWith && socket.terminated === 0)).toBe(true)
    expect(clock.pending).toBe(0)
  })

  test('closes who is still there after the grace, and drops who is at the deadline', async () => {
    const { clock, router, openAll } = rig()
    const [gone, slow, stuck] = await openAll('aware', 3)
    if (!gone || !slow || !stuck) throw new Error('no connections')
    const closed = vi.fn()
    void router.close().then(closed)
    gone.leave()
    clock.advance(4_999)
    expect(sentAway([slow, stuck])).toBe(0)
    clock.advance(1)
    expect(gone.socket.closedWith).toBeUndefined()
    expect(slow.socket.closedWith).toEqual({ code: 1012, reason: 'the server is going away' })
    expect(sentAway([slow, stuck])).toBe(2)
    slow.leave()
    clock.advance(4_999)
    expect(stuck.socket.terminated).toBe(0)
    clock.advance(1)
    await vi.waitFor(() => expect(stuck.socket.terminated).toBeGreaterThan(0))
    expect(slow.socket.terminated).toBe(0)
    expect(closed).not.toHaveBeenCalled()
    stuck.handler.closed(1006, '')
    await vi.waitFor(() => expect(closed).toHaveBeenCalledOnce())
  })

  test.each([
    ['leaves the closing handshake its time', 30_000, 5_000, 25_000],
    ['is at least half of the deadline', 8_000, 5_000, 4_000],
    ['even where the handshake may take longer', 1_001, 60_000, 501],
    ['is nothing where there is no deadline', 0, 5_000, 0],
  ])('its grace %s', async (_what, deadlineMs, closeTimeoutMs, graceMs) => {
    const { clock, router, told, openAll } = rig({ closeTimeoutMs })
    const aware = await openAll('aware', 1)
    void router.close({ deadlineMs })
    expect(told[0]?.drain).toEqual({ spreadMs: Math.min(1, graceMs), graceMs })
    clock.advance(Math.max(0, graceMs - 1))
    if (graceMs > 0) expect(sentAway(aware)).toBe(0)
    clock.advance(1)
    expect(sentAway(aware)).toBe(1)
  })

  test('tells no spread that is longer than the grace', async () => {
    const { router, told, openAll } = rig()
    await openAll('aware', 1)
    void router.close({ spreadMs: 60_000 })
    expect(told[0]?.drain).toEqual({ spreadMs: 5_000, graceMs: 5_000 })
  })

  test('closes the others in portions meanwhile, claimed or not', async () => {
    const { clock, router, openAll } = rig()
    const aware = await openAll('aware', 50)
    const others = [...(await openAll('plain', 10)), ...(await openAll('nobody', 10))]
    void router.close({ spreadMs: 1_000 })
    expect(sentAway(others)).toBe(1)
    clock.advance(500)
    expect(sentAway(others)).toBe(11)
    clock.advance(500)
    expect(sentAway(others)).toBe(20)
    expect(sentAway(aware)).toBe(0)
  })

  test('closes in portions whom it could not tell, and reports why', async () => {
    const { clock, router, onError, told, openAll } = rig()
    const failing = await openAll('failing', 2)
    const aware = await openAll('aware', 1)
    void router.close({ spreadMs: 100 })
    expect(told).toHaveLength(1)
    expect(onError.mock.calls).toEqual(
      ['0', '1'].map((name) => [
        new Error(`cannot tell ${name}`),
        { operation: 'goAway', path: '/:kind/:name' },
      ]),
    )
    expect(sentAway(failing)).toBe(1)
    clock.advance(50)
    expect(sentAway(failing)).toBe(2)
    expect(sentAway(aware)).toBe(0)
  })

  test('survives an onError that throws', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {})
    const { router, openAll } = rig({
      onError: () => {
        throw new Error('nobody hears')
      },
    })
    const failing = await openAll('failing', 1)
    void router.close()
    expect(sentAway(failing)).toBe(1)
    expect(printed).toHaveBeenCalledTimes(2)
    printed.mockRestore()
  })

  test('tells nobody who has begun to close, nor whose owner has let go', async () => {
    const { router, told, open } = rig()
    const closing = await open('/aware/closing')
    const left = await open('/aware/left')
    closing.handler.message(new Uint8Array(1))
    expect(closing.socket.closedWith?.code).toBe(1003)
    left.leave()
    void router.close()
    expect(told).toEqual([])
    expect(closing.socket.closedWith?.code).toBe(1003)
  })
})
