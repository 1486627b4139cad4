// The gate: whatever order, loss and duplication the backend brings, the receiver sees every message
// once, in order, or is told of a reset.

import { type Message, START } from '@chan/protocol'
import { waitFor } from '@chan/testkit'
import { describe, expect, test } from 'vitest'
import { ephemeral, generator, message, setUp, upTo } from './feed-scene.js'

describe('Feed', () => {
  test('delivers in order and drops duplicates', () => {
    const { feed, seen, append, control } = setUp()
    feed.start(START)
    const [a, b] = [append(1), append(2)]
    for (const entry of [a, a, b, a, b]) feed.accept(entry)
    expect(seen).toEqual([1, 2])
    expect(control.reads).toBe(0)
    expect(feed.position).toEqual({ epoch: 'e1', offset: 2 })
  })

  test('holds what arrives before the position is known', () => {
    const { feed, seen, append } = setUp()
    for (const offset of [1, 2, 3]) feed.accept(append(offset))
    expect(seen).toEqual([])
    feed.start({ epoch: 'e1', offset: 2 })
    expect(seen).toEqual([3])
  })

  test('a gap before the start is read after it', async () => {
    const { feed, seen, append } = setUp()
    for (const offset of [1, 2, 3]) append(offset)
    feed.gap()
    feed.start({ epoch: 'e1', offset: 1 })
    await waitFor(() => seen.length === 2, { deadlineMs: 1000, label: 'the gap filled' })
    expect(seen).toEqual([2, 3])
  })

  test('reads what is missing, and large never lets small overtake', async () => {
    const { feed, seen, append, control } = setUp()
    feed.start(START)
    feed.accept(append(1))
    append(2)
    feed.accept(append(3))
    feed.accept(append(4))
    expect(seen).toEqual([1])
    await waitFor(() => seen.length === 4, { deadlineMs: 1000, label: 'the hole filled' })
    expect(seen).toEqual([1, 2, 3, 4])
    expect(control.reads).toBe(1)
    expect(feed.live).toBe(true)
  })

  test('reads long gaps page by page', async () => {
    const { feed, seen, append, control } = setUp()
    feed.start(START)
    for (const offset of upTo(1000)) append(offset)
    feed.gap()
    await waitFor(() => seen.length === 1000, { deadlineMs: 1000, label: 'all pages' })
    expect(seen).toEqual(upTo(1000))
    expect(control.reads).toBeGreaterThan(1)
  })

  test('what waits is bounded: above a mebibyte it is dropped and read again', async () => {
    const { feed, seen, append, control } = setUp()
    feed.start(START)
    append(1)
    const big = JSON.stringify('x'.repeat(400_000))
    for (const offset of upTo(6, 2)) feed.accept(append(offset, 'e1', big))
    await waitFor(() => seen.length === 6, { deadlineMs: 1000, label: 'read again' })
    expect(seen).toEqual(upTo(6))
    expect(control.reads).toBe(2)
  })

  test('a page that does not follow, which no backend may give, is a loss, and not read for ever', async () => {
    const { feed, seen, resets, append, log, control } = setUp()
    feed.start(START)
    append(1)
    log.push(message(5), message(6))
    feed.gap()
    await waitFor(() => resets.length > 0, { label: 'a reset' })
    expect(seen).toEqual([1])
    expect(resets).toEqual([{ position: { epoch: 'e1', offset: 6 }, missed: 5 }])
    expect(control.reads).toBeLessThan(4)
    feed.accept(append(7))
    expect(seen).toEqual([1, 7])
  })

  test('a log that no longer reaches back is a reset that counts the loss', async () => {
    const { feed, seen, resets, append, log } = setUp()
    feed.start(START)
    feed.accept(append(1))
    for (const offset of upTo(9, 2)) append(offset)
    log.splice(0, 5)
    feed.gap()
    await waitFor(() => resets.length > 0, { deadlineMs: 1000, label: 'the reset' })
    expect(resets).toEqual([{ position: { epoch: 'e1', offset: 9 }, missed: 8 }])
    feed.accept(append(10))
    expect(seen).toEqual([1, 10])
  })

  test('a new epoch is a reset of unknown size; its later messages flow', async () => {
    const { feed, seen, resets, append, log, control } = setUp()
    feed.start(START)
    feed.accept(append(1))
    log.length = 0
    control.epoch = 'e2'
    feed.accept(append(1))
    await waitFor(() => resets.length > 0, { deadlineMs: 1000, label: 'the reset' })
    expect(resets).toEqual([{ position: { epoch: 'e2', offset: 1 }, missed: null }])
    feed.accept(append(2))
    feed.accept(message(2, 'e1'))
    await waitFor(() => feed.live, { deadlineMs: 1000, label: 'the stale message judged' })
    feed.accept(append(3))
    expect(seen).toEqual([1, 2, 3])
    expect(resets).toHaveLength(1)
  })

  test('a failing read is reported and tried again, with messages waiting behind it', async () => {
    const { clock, feed, seen, failures, append, control } = setUp()
    feed.start(START)
    control.fail = true
    append(1)
    feed.accept(append(2))
    await waitFor(() => failures.length === 1, { deadlineMs: 1000, label: 'the report' })
    expect(seen).toEqual([])
    control.fail = false
    clock.advance(5_000)
    await waitFor(() => seen.length === 2, { deadlineMs: 1000, label: 'the retry' })
    expect(seen).toEqual([1, 2])
    expect(clock.pending).toBe(0)
  })

  test('ephemeral messages have no place in the order and never wait', async () => {
    const { feed, seen, append } = setUp()
    feed.start(START)
    append(1)
    feed.accept(append(2))
    feed.accept(ephemeral('typing'))
    expect(seen).toEqual(['typing'])
    await waitFor(() => seen.length === 3, { deadlineMs: 1000, label: 'the hole filled' })
  })

  test('closed, it delivers nothing and leaves no timer', async () => {
    const { clock, feed, seen, failures, append, control } = setUp()
    feed.start(START)
    control.fail = true
    feed.accept(append(2))
    await waitFor(() => failures.length === 1, { deadlineMs: 1000, label: 'the report' })
    feed.close()
    feed.accept(append(3))
    expect(clock.pending).toBe(0)
    expect(seen).toEqual([])
  })

  test('any mix of loss, duplication and reordering yields every message once, in order', async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const { clock, feed, seen, resets, append, control } = setUp()
      const random = generator(seed)
      feed.start(START)
      const waiting: Message[] = []
      for (const offset of upTo(300)) {
        const entry = append(offset)
        if (random() < 0.8) waiting.push(entry)
        if (random() < 0.2) waiting.push(entry)
        control.fail = random() < 0.1
        while (waiting.length > 0 && random() < 0.6) {
          feed.accept(waiting.splice(Math.floor(random() * waiting.length), 1)[0] as Message)
        }
        if (random() < 0.1) await new Promise((resolve) => setImmediate(resolve))
        if (random() < 0.1) clock.advance(10_000)
      }
      control.fail = false
      feed.gap()
      await waitFor(
        () => {
          clock.advance(10_000)
          return seen.length >= 300
        },
        { deadlineMs: 2000, label: `everything delivered with seed ${seed}` },
      )
      expect(seen, `seed ${seed}`).toEqual(upTo(300))
      expect(resets).toEqual([])
    }
  })
})
