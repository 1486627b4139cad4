// A log that can be cut, fail and be restarted, a reader that takes what it is given or asks for time,
// and the feed between them.

import { Message, type Position, START } from '@chan/protocol'
import { Feed, type FeedReader, type FeedSource } from '../src/hub/feed.js'
import { Latch } from '../src/model/latch.js'
import type { ResetEvent } from '../src/model/reset-event.js'
import type { HistoryPage, Page, PageLimit } from '../src/ports/log.js'
import { ManualClock } from '../src/testing/index.js'

export function message(offset: number, epoch = 'e1', body = String(offset)): Message {
  return Message.fromStored({ channel: 'c', body, sender: null, timestamp: 0, offset, epoch })
}

/** A message without a place. */
export function ephemeral(data: string): Message {
  const body = JSON.stringify(data)
  return Message.fromStored({ channel: 'c', body, sender: null, timestamp: 0 })
}

export const upTo = (last: number, first = 1) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index)

/** The macrotask after all that is under way. */
export const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** A log that can be cut, fail and be restarted. */
export function makeLog() {
  const log: Message[] = []
  const control = { reads: 0, fail: false, epoch: 'e1', gate: Promise.resolve() }
  const limits: PageLimit[] = []
  const take = (messages: readonly Message[], limit: PageLimit) => {
    const page: Message[] = []
    let bytes = 0
    for (const entry of messages) {
      if (page.length >= limit.messages || bytes >= limit.bytes) break
      page.push(entry)
      bytes += entry.body.length
    }
    return page
  }
  async function looked(limit: PageLimit): Promise<void> {
    control.reads++
    limits.push(limit)
    await control.gate
    if (control.fail) throw new Error('no database')
  }
  async function read(after: Position, limit: PageLimit): Promise<Page> {
    await looked(limit)
    const last = log.at(-1)
    const top = last ? { epoch: control.epoch, offset: last.offset as number } : START
    const first = log[0]?.offset ?? 1
    const foreign = after.epoch !== control.epoch && after.epoch !== ''
    const truncated = foreign || after.offset > top.offset || after.offset + 1 < first
    const rest = log.filter((entry) => (entry.offset as number) > after.offset)
    return { messages: truncated ? [] : take(rest, limit), top, truncated, floor: 0 }
  }
  /** What history shows up to a position: of its epoch, and those for which `shows` is true. */
  async function history(
    seam: Position,
    limit: PageLimit,
    shows: (offset: number) => boolean = () => true,
  ): Promise<HistoryPage> {
    await looked(limit)
    const shown = log.filter(
      ({ epoch, offset = 0 }) => epoch === seam.epoch && offset <= seam.offset && shows(offset),
    )
    const messages = take(shown, limit)
    return { messages, more: messages.length < shown.length }
  }
  const append = (offset: number, epoch = control.epoch, body?: string) => {
    const entry = message(offset, epoch, body)
    log.push(entry)
    return entry
  }
  return { log, control, limits, read, history, append }
}

/** A reader that takes as much as it has room for. */
export function pacedReader() {
  const seen: (number | string)[] = []
  const resets: ResetEvent[] = []
  const latch = new Latch()
  const state = { room: 0, asked: 0, caughtUp: 0 }
  const reader = {
    deliver(entry: Message) {
      if (entry.offset !== undefined) state.room--
      seen.push(entry.offset ?? (entry.data as string))
    },
    reset: (event: ResetEvent) => void resets.push(event),
    caughtUp: () => void state.caughtUp++,
    room: () => {
      state.asked++
      return state.room > 0 ? undefined : latch.wait()
    },
    pageLimit: { messages: 10, bytes: 1_000 },
  } satisfies FeedReader
  /** It takes so many more. */
  const takes = (count: number) => {
    state.room = count
    latch.open()
  }
  return { seen, resets, state, reader, takes }
}

/** A feed between such a log and a reader: one that takes everything at once, unless another is given. */
export function setUp(given?: FeedReader) {
  const clock = new ManualClock()
  const made = makeLog()
  const { read } = made
  const seen: (number | string)[] = []
  const resets: ResetEvent[] = []
  const failures: unknown[] = []
  const source = {
    name: 'c',
    clock,
    position: START as Position,
    read: (after, limit) => ({ page: read(after, limit), fresh: true }),
    failed: (error) => void failures.push(error),
    run: (task) => task(),
  } satisfies FeedSource as FeedSource & { position: Position; read: FeedSource['read'] }
  const reader: FeedReader = given ?? {
    deliver: (entry) => void seen.push(entry.offset ?? (entry.data as string)),
    reset: (event) => void resets.push(event),
  }
  const feed = new Feed(source, reader)
  return { clock, ...made, seen, resets, failures, source, reader, feed }
}

/** A source of random numbers that a seed repeats. */
export function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return state / 4_294_967_296
  }
}
