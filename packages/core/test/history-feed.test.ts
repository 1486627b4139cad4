// A feed that begins with history: what it shows first, holes and all, then what follows, once.

import type { Position } from '@chan/protocol'
import { waitFor } from '@chan/testkit'
import { describe, expect, test } from 'vitest'
import { ephemeral, generator, pacedReader, setUp, turn, upTo } from './feed-scene.js'

const at = (offset: number, epoch = 'e1'): Position => ({ epoch, offset })

/** A feed on a log of so many messages, of which history shows some; it has room for everything. */
function scene(stored: number, shows: (offset: number) => boolean = () => true) {
  const pace = pacedReader()
  const made = setUp(pace.reader)
  for (const offset of upTo(stored)) made.append(offset)
  pace.takes(Number.POSITIVE_INFINITY)
  made.source.position = at(stored)
  const begin = (seam = stored) =>
    made.feed.startByHistory(at(seam), () => ({
      page: made.history(at(seam), pace.reader.pageLimit, shows),
      fresh: true,
    }))
  const live = () => waitFor(() => made.feed.live, { label: 'live' })
  return { ...made, ...pace, begin, live }
}

describe('history first', () => {
  test('with its holes, then live, from the seam on', async () => {
    const { begin, live, feed, append, seen, control } = scene(8, (offset) => offset % 3 !== 0)
    begin()
    await live()
    expect([seen, control.reads]).toEqual([[1, 2, 4, 5, 7, 8], 1])
    feed.accept(append(9))
    expect(seen.at(-1)).toBe(9)
    expect(feed.position).toEqual(at(9))
  })

  test('that shows nothing is no gap: it goes on at the seam', async () => {
    const { begin, live, feed, append, seen, control, resets } = scene(8, () => false)
    begin()
    await live()
    feed.accept(append(9))
    await turn()
    expect([seen, control.reads, resets]).toEqual([[9], 1, []])
  })

  test('of which the last is hidden goes on at the seam, too', async () => {
    const { begin, live, feed, append, seen } = scene(8, (offset) => offset < 5)
    begin()
    feed.accept(append(9))
    await live()
    expect(seen).toEqual([1, 2, 3, 4, 9])
  })

  test('longer than a page goes on from the log', async () => {
    const { begin, live, feed, append, seen, control } = scene(35, (offset) => offset > 5)
    begin()
    for (const offset of upTo(40, 36)) feed.accept(append(offset))
    await live()
    // Whole pages of ten, one of history and three of the log.
    expect([seen, control.reads]).toEqual([upTo(40, 6), 4])
  })

  test('what is published meanwhile follows it, once', async () => {
    const { begin, live, feed, append, seen, control } = scene(5)
    let answer = () => {}
    control.gate = new Promise((resolve) => (answer = resolve))
    begin()
    for (const offset of upTo(8, 6)) feed.accept(append(offset))
    feed.accept(ephemeral('typing'))
    expect(seen).toEqual([])
    answer()
    await live()
    expect([seen, control.reads]).toEqual([[...upTo(8), 'typing'], 1])
  })
})

describe('a read of history that fails', () => {
  test('is reported and tried again', async () => {
    const { begin, live, feed, append, seen, control, clock, failures } = scene(5, (n) => n > 2)
    control.fail = true
    begin()
    await waitFor(() => failures.length === 1, { label: 'the report' })
    feed.accept(append(6))
    control.fail = false
    clock.advance(5_000)
    await live()
    expect([seen, failures.length]).toEqual([[3, 4, 5, 6], 1])
  })

  test('while the channel loses its continuity: what cannot follow is a reset, not silence', async () => {
    const { begin, feed, append, seen, resets, control, clock, failures, log } = scene(5)
    control.fail = true
    begin()
    await waitFor(() => failures.length === 1, { label: 'the report' })
    // The database comes back with another history; its second message comes by itself.
    log.length = 0
    control.epoch = 'e2'
    append(1)
    feed.accept(append(2))
    control.fail = false
    clock.advance(5_000)
    await waitFor(() => resets.length === 1, { label: 'the reset' })
    expect(resets).toEqual([{ position: at(2, 'e2'), missed: null }])
    feed.accept(append(3))
    expect(seen).toEqual([3])
  })

  test('the same where nothing came by itself: everybody else has heard', async () => {
    const { begin, append, resets, control, clock, failures, log, source } = scene(5)
    control.fail = true
    begin()
    await waitFor(() => failures.length === 1, { label: 'the report' })
    log.length = 0
    control.epoch = 'e2'
    append(1)
    source.position = at(1, 'e2')
    control.fail = false
    clock.advance(5_000)
    await waitFor(() => resets.length === 1, { label: 'the reset' })
    expect(resets).toEqual([{ position: at(1, 'e2'), missed: null }])
  })
})

test('a log that is cut before the reader has come to it is a reset that counts', async () => {
  const { begin, feed, append, seen, resets, takes, log } = scene(15)
  takes(4)
  begin()
  await waitFor(() => seen.length === 4, { label: 'the first four' })
  for (const offset of upTo(30, 16)) feed.accept(append(offset))
  log.splice(0, 20)
  takes(Number.POSITIVE_INFINITY)
  await waitFor(() => resets.length === 1, { label: 'the reset' })
  expect(seen).toEqual(upTo(10))
  expect(resets).toEqual([{ position: at(30), missed: 20 }])
})

test('whatever the pace: history, then everything after it, once and in order', async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = generator(seed)
    const whole = (most: number) => 1 + Math.floor(random() * most)
    const [stored, hidden] = [whole(60), Math.floor(random() * 30)]
    const made = scene(stored, (offset) => offset > hidden)
    const { begin, feed, append, seen, resets, takes, control, clock, source, reader, read } = made
    Object.assign(reader.pageLimit, { messages: whole(12), bytes: whole(60) })
    source.read = (after, limit) => ({ page: read(after, limit), fresh: random() < 0.7 })
    takes(whole(5))
    begin()
    for (const offset of upTo(stored + 100, stored + 1)) {
      source.position = at(offset)
      feed.accept(append(offset))
      control.fail = random() < 0.1
      if (random() < 0.3) takes(whole(10))
      if (random() < 0.3) await turn()
      if (random() < 0.1) clock.advance(10_000)
    }
    control.fail = false
    takes(Number.POSITIVE_INFINITY)
    await waitFor(
      () => {
        clock.advance(10_000)
        return feed.live
      },
      { label: `live with seed ${seed}`, intervalMs: 0 },
    )
    expect(seen, `seed ${seed}`).toEqual(upTo(stored + 100, Math.min(hidden, stored) + 1))
    expect(resets, `seed ${seed}`).toEqual([])
  }
})
