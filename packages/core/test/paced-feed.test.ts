// A feed for a reader with a pace of its own: it is asked before everything that is read, and while it
// takes nothing, nothing is kept for it.

import { type Message, START } from '@chan/protocol'
import { waitFor } from '@chan/testkit'
import { describe, expect, test } from 'vitest'
import { ephemeral, generator, message, pacedReader, setUp, turn, upTo } from './feed-scene.js'

function paced() {
  const pace = pacedReader()
  const made = setUp(pace.reader)
  return { ...made, ...pace }
}

describe('room', () => {
  test('is asked before each page and each message of it', async () => {
    const { feed, append, state, control, limits, seen, takes } = paced()
    for (const offset of upTo(25)) append(offset)
    feed.startByReading(START)
    await turn()
    expect([state.asked, control.reads]).toEqual([1, 0])
    takes(100)
    await waitFor(() => seen.length === 25, { label: 'all pages' })
    // Three pages of ten; the first had been asked for when it waited.
    expect([state.asked, control.reads]).toEqual([1 + 2 + 25, 3])
    expect(limits[0]).toEqual({ messages: 10, bytes: 1_000 })
    expect([seen, state.caughtUp]).toEqual([upTo(25), 1])
  })

  test('that ends within a page stops it there, and the page goes on later', async () => {
    const { feed, append, control, seen, takes } = paced()
    for (const offset of upTo(8)) append(offset)
    takes(3)
    feed.startByReading(START)
    await waitFor(() => seen.length === 3, { label: 'as many as there was room for' })
    await turn()
    expect([seen, feed.live]).toEqual([[1, 2, 3], false])
    takes(100)
    await waitFor(() => seen.length === 8, { label: 'the rest' })
    expect([seen, control.reads, feed.live]).toEqual([upTo(8), 1, true])
  })

  test('is never asked of live messages', async () => {
    const { feed, append, state, seen } = paced()
    feed.start(START)
    for (const offset of upTo(5)) feed.accept(append(offset))
    expect([seen, state.asked]).toEqual([upTo(5), 0])
  })

  test('is asked where a gap is read, too', async () => {
    const { feed, append, seen, takes } = paced()
    feed.start(START)
    append(1)
    feed.accept(append(2))
    await turn()
    expect(seen).toEqual([])
    takes(1)
    await waitFor(() => seen.length === 1, { label: 'the first' })
    await turn()
    expect(seen).toEqual([1])
    takes(1)
    await waitFor(() => seen.length === 2, { label: 'the second' })
  })
})

describe('while there is none', () => {
  test('nothing is kept of what comes: it is read later, and what has no place is left out', async () => {
    const { feed, log, append, seen, control, takes, reader } = paced()
    const delivered: Message[] = []
    const { deliver } = reader
    reader.deliver = (entry) => {
      delivered.push(entry)
      deliver(entry)
    }
    append(1)
    feed.startByReading(START)
    await turn()
    // What was published and what is read are told apart by their objects.
    for (const offset of upTo(50, 2)) {
      feed.accept(append(offset))
      feed.accept(ephemeral('typing'))
      log[offset - 1] = message(offset)
    }
    feed.accept(ephemeral('typing'))
    expect([seen, control.reads]).toEqual([[], 0])
    takes(1_000)
    await waitFor(() => seen.length === 50, { label: 'everything' })
    await turn()
    expect([seen, control.reads, feed.live]).toEqual([upTo(50), 5, true])
    expect(delivered.every((entry, at) => entry === log[at])).toBe(true)
    feed.accept(ephemeral('typing'))
    expect(seen.at(-1)).toBe('typing')
  })

  test('within a page, what was held before is let go as well', async () => {
    const { feed, append, seen, control, takes } = paced()
    let read = () => {}
    control.gate = new Promise((resolve) => (read = resolve))
    append(1)
    append(2)
    takes(1)
    feed.startByReading(START)
    feed.accept(append(3))
    feed.accept(ephemeral('held'))
    read()
    await waitFor(() => seen.length === 1, { label: 'the first' })
    feed.accept(append(4))
    takes(100)
    await waitFor(() => seen.length === 4, { label: 'the others' })
    await turn()
    expect(seen).toEqual(upTo(4))
  })

  test('a log that is cut is a reset that counts what is missing', async () => {
    const { feed, append, log, seen, resets, takes } = paced()
    for (const offset of upTo(20)) append(offset)
    takes(5)
    feed.startByReading(START)
    await waitFor(() => seen.length === 5, { label: 'the first five' })
    for (const offset of upTo(40, 21)) feed.accept(append(offset))
    log.splice(0, 30)
    takes(1_000)
    // The page that was read for it is its own.
    await waitFor(() => resets.length === 1, { label: 'the reset' })
    expect(seen).toEqual(upTo(10))
    expect(resets).toEqual([{ position: { epoch: 'e1', offset: 40 }, missed: 30 }])
    feed.accept(append(41))
    await waitFor(() => seen.at(-1) === 41, { label: 'what follows' })
  })

  test('closed, it delivers nothing when there is room at last', async () => {
    const { feed, append, seen, control, takes, state } = paced()
    for (const offset of upTo(8)) append(offset)
    feed.startByReading(START)
    feed.close()
    takes(3)
    await turn()
    expect([seen, control.reads]).toEqual([[], 0])
    const other = paced()
    for (const offset of upTo(8)) other.append(offset)
    other.takes(3)
    other.feed.startByReading(START)
    await waitFor(() => other.seen.length === 3, { label: 'the first' })
    other.feed.close()
    other.takes(3)
    await turn()
    expect([other.seen, state.caughtUp]).toEqual([upTo(3), 0])
  })
})

test('a reader that goes away while it is asked for room gets nothing more', async () => {
  for (const askedAt of [1, 2, 5]) {
    const { feed, append, reader, seen, control, takes, state } = paced()
    for (const offset of upTo(8)) append(offset)
    takes(100)
    const { room } = reader
    // As a socket would: asked, it sends what waits, and finds that it does not fit.
    reader.room = () => {
      const answer = room()
      if (state.asked === askedAt) feed.close()
      return answer
    }
    feed.startByReading(START)
    await turn()
    await turn()
    expect(seen).toEqual(upTo(Math.max(0, askedAt - 2)))
    expect(control.reads).toBe(askedAt === 1 ? 0 : 1)
  }
})

describe('somebody else’s read', () => {
  test('that began before this reader came is read again', async () => {
    const { feed, log, append, source, seen, control, takes } = paced()
    for (const offset of upTo(3)) append(offset)
    takes(100)
    // Asked for before 3 was published, which everybody else has had.
    const { read } = source
    let shared = true
    source.read = (after, limit) => {
      if (!shared) return read(after, limit)
      shared = false
      const top = { epoch: 'e1', offset: 2 }
      const page = { messages: log.slice(0, 2), top, truncated: false, floor: 0 }
      return { page: Promise.resolve(page), fresh: false }
    }
    source.position = { epoch: 'e1', offset: 3 }
    feed.startByReading(START)
    await waitFor(() => feed.live, { label: 'live' })
    expect([seen, control.reads]).toEqual([upTo(3), 1])
  })

  test('of an empty channel, before its first message, is read again', async () => {
    const { feed, append, source, seen, takes } = paced()
    append(1)
    takes(100)
    const { read } = source
    let shared = true
    source.read = (after, limit) => {
      if (!shared) return read(after, limit)
      shared = false
      const page = { messages: [], top: START, truncated: false, floor: 0 }
      return { page: Promise.resolve(page), fresh: false }
    }
    source.position = { epoch: 'e1', offset: 1 }
    feed.startByReading(START)
    await waitFor(() => feed.live, { label: 'live' })
    expect(seen).toEqual([1])
  })

  test('that reaches as far as everybody else is enough', async () => {
    const { feed, append, source, seen, control, read, takes } = paced()
    for (const offset of upTo(3)) append(offset)
    takes(100)
    source.read = (after, limit) => ({ page: read(after, limit), fresh: false })
    source.position = { epoch: 'e1', offset: 3 }
    feed.startByReading(START)
    await waitFor(() => feed.live, { label: 'live' })
    expect([seen, control.reads]).toEqual([upTo(3), 1])
  })
})

test('any mix of pace, loss, size and failure yields every message once, in order', async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = generator(seed)
    const { feed, append, seen, resets, state, takes, control, clock, reader, source, read } =
      paced()
    const whole = (most: number) => 1 + Math.floor(random() * most)
    Object.assign(reader.pageLimit, { messages: whole(12), bytes: whole(60) })
    source.read = (after, limit) => ({ page: read(after, limit), fresh: random() < 0.7 })
    const { deliver } = reader
    let pressed = 0
    reader.deliver = (entry) => {
      if (!feed.live && state.room <= 0) pressed++
      deliver(entry)
    }
    const stored = whole(40)
    for (const offset of upTo(stored)) append(offset)
    feed.startByReading(START)
    for (const offset of upTo(300, stored + 1)) {
      const entry = append(offset, 'e1', String('1'.repeat(whole(30))))
      if (random() < 0.9) feed.accept(entry)
      else if (random() < 0.5) feed.gap()
      // As the room does: what is delivered to everybody is known there first.
      source.position = { epoch: 'e1', offset }
      control.fail = random() < 0.1
      if (random() < 0.2) takes(whole(20))
      if (random() < 0.2) await turn()
      if (random() < 0.1) clock.advance(10_000)
    }
    control.fail = false
    takes(Number.POSITIVE_INFINITY)
    feed.gap()
    await waitFor(
      () => {
        clock.advance(10_000)
        return feed.live
      },
      { label: `live with seed ${seed}`, intervalMs: 0 },
    )
    expect(seen, `seed ${seed}`).toEqual(upTo(300))
    expect([resets, pressed], `seed ${seed}`).toEqual([[], 0])
  }
})
