// Inbox and outbox: the two bounded queues of a connection.

import { ManualClock } from '@chan/core/testing'
import { describe, expect, test, vi } from 'vitest'
import { Inbox } from '../src/connection/inbox.js'
import { Outbox } from '../src/connection/outbox.js'
import { Turn } from '../src/connection/turn.js'
import { FakeSocket } from './fake-socket.js'

describe('inbox', () => {
  test('holds frames in order until somebody consumes them', () => {
    const inbox = new Inbox({ maxQueuedFrames: 10, maxBufferedBytes: 100 })
    for (const text of ['a', 'b', 'c']) expect(inbox.push(text)).toBe(true)
    const seen: string[] = []
    inbox.open({ consume: (text) => void seen.push(text) })
    inbox.push('d')
    expect(seen).toEqual(['a', 'b', 'c', 'd'])
  })

  test('is bounded in number and in length, but one frame always fits', () => {
    const byNumber = new Inbox({ maxQueuedFrames: 2, maxBufferedBytes: 100 })
    expect(['a', 'b', 'c'].map((text) => byNumber.push(text))).toEqual([true, true, false])
    const byLength = new Inbox({ maxQueuedFrames: 10, maxBufferedBytes: 4 })
    expect(['large!', 'x'].map((text) => byLength.push(text))).toEqual([true, false])
    byLength.open({ consume: () => {} })
    expect(['abc', 'large!', 'x'].map((text) => byLength.push(text))).toEqual([true, true, true])
  })

  test('hands over one at a time, and tells when it is idle', async () => {
    const inbox = new Inbox({ maxQueuedFrames: 10, maxBufferedBytes: 100 })
    const started: string[] = []
    const finish: (() => void)[] = []
    inbox.open({
      consume: (text) => {
        started.push(text)
        return new Promise((resolve) => finish.push(resolve))
      },
    })
    await inbox.idle()
    inbox.push('a')
    inbox.push('b')
    const idle = vi.fn()
    void inbox.idle().then(idle)
    expect(started).toEqual(['a'])
    finish[0]?.()
    await vi.waitFor(() => expect(started).toEqual(['a', 'b']))
    expect(idle).not.toHaveBeenCalled()
    finish[1]?.()
    await vi.waitFor(() => expect(idle).toHaveBeenCalledOnce())
  })

  test('closed, it drops what waits and what comes', async () => {
    const inbox = new Inbox({ maxQueuedFrames: 10, maxBufferedBytes: 100 })
    const seen: string[] = []
    let finish = () => {}
    inbox.open({
      consume: (text) => {
        seen.push(text)
        return new Promise((resolve) => {
          finish = resolve
        })
      },
    })
    inbox.push('a')
    inbox.push('b')
    inbox.close()
    expect(inbox.push('c')).toBe(true)
    finish()
    await inbox.idle()
    expect(seen).toEqual(['a'])
  })
})

/** Frames go at once. */
const PLAIN = new Turn(new ManualClock(), undefined)

describe('outbox', () => {
  test('refuses frames above the bound, and says so once per frame', () => {
    const socket = new FakeSocket()
    const overflow = vi.fn()
    const outbox = new Outbox(socket, PLAIN, { maxBufferedBytes: 10, tooSlow: overflow })
    socket.stalled = true
    expect(outbox.send('x'.repeat(50))).toBe('buffered')
    expect(outbox.send('y')).toBe('dropped')
    expect(overflow).toHaveBeenCalledOnce()
    expect(socket.sent).toHaveLength(1)
  })

  test('room is there while little waits, then when the peer has caught up', async () => {
    const socket = new FakeSocket()
    const outbox = new Outbox(socket, PLAIN, { maxBufferedBytes: 100, tooSlow: () => true })
    expect(outbox.room()).toBeUndefined()
    socket.stalled = true
    outbox.send('x'.repeat(20))
    expect(outbox.room()).toBeUndefined()
    outbox.send('x'.repeat(20))
    const room = vi.fn()
    void outbox.room()?.then(room)
    await Promise.resolve()
    expect(room).not.toHaveBeenCalled()
    socket.bufferedBytes = 0
    outbox.drain()
    await vi.waitFor(() => expect(room).toHaveBeenCalledOnce())
  })

  test('ended, it drops everything and lets nobody wait', async () => {
    const socket = new FakeSocket()
    socket.stalled = true
    const outbox = new Outbox(socket, PLAIN, { maxBufferedBytes: 10, tooSlow: () => true })
    outbox.send('x'.repeat(20))
    const room = outbox.room()
    outbox.end()
    await room
    expect(outbox.send('y')).toBe('dropped')
    expect(outbox.bufferedBytes).toBe(0)
    expect(outbox.room()).toBeUndefined()
  })
})
