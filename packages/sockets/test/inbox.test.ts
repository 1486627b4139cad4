// What comes in and is not consumed yet: in order, one at a time, and bounded.

import { describe, expect, test, vi } from 'vitest'
import { Inbox } from '../src/connection/inbox.js'

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
