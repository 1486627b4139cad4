// One channel's messages in memory: the numbering, what history may show, and what is kept for
// recovery. A message is let go when neither wants it.

import {
  type Entry,
  floorAfterChange,
  type HistoryLimits,
  type HistoryPage,
  type HistoryQuery,
  historyWindow,
  limitsInForce,
  Message,
  type Page,
  type PageLimit,
  type Position,
  Ring,
} from '@chan/core/backend'

export class ChannelLog {
  readonly #channel: string
  readonly #epoch: string
  /** The retained messages; the offset of the first is `#top - length + 1`. */
  readonly #messages = new Ring<Message>()
  #top = 0
  /** The highest offset hidden from history for good, by `clear` or an earlier, lower limit. */
  #floor = 0
  /** The highest offset that has left the bus's recovery tail. */
  #tailFloor = 0
  #limits: HistoryLimits

  constructor(channel: string, epoch: string, limits: HistoryLimits) {
    this.#channel = channel
    this.#epoch = epoch
    this.#limits = limits
  }

  get top(): Position {
    return { epoch: this.#epoch, offset: this.#top }
  }

  /** Gives the entry the next offset and keeps it. */
  append(entry: Entry, limits: HistoryLimits): Message {
    this.#adopt(limits)
    const message = Message.fromStored({
      channel: this.#channel,
      body: entry.body,
      sender: entry.sender,
      timestamp: entry.timestamp,
      offset: ++this.#top,
      epoch: this.#epoch,
      id: entry.id ?? undefined,
    })
    this.#messages.push(message)
    this.#trim()
    return message
  }

  /** What follows `after`, see B5. */
  read(after: Position, limit: PageLimit): Page {
    const { top } = this
    const floor = this.#floor
    const sameEpoch = after.epoch === this.#epoch || (after.epoch === '' && after.offset === 0)
    const retainedAfter = this.#top - this.#messages.length
    if (!sameEpoch || after.offset > this.#top || after.offset < retainedAfter) {
      return { messages: [], top, truncated: true, floor }
    }
    const { messages } = this.#page(after.offset, this.#top, limit)
    return { messages, top, truncated: false, floor }
  }

  /** @param now in milliseconds, for the age limit */
  history(query: HistoryQuery, limits: HistoryLimits, limit: PageLimit, now: number): HistoryPage {
    this.#adopt(limits)
    const shown = this.#limits.explicit ? this.#limits : limits
    const { after, upTo } = historyWindow(this.top, this.#floor, shown, query)
    const { historyTtlMs } = shown
    const oldest = historyTtlMs === null ? -Infinity : (now - historyTtlMs) / 1000
    return this.#page(after, upTo, limit, oldest)
  }

  /** Hides what is stored from history; recovery still reads it. */
  clear(): void {
    this.#floor = this.#top
    this.#trim()
  }

  /** The recovery tail no longer vouches for the messages up to `offset`. */
  leaveTail(offset: number): void {
    this.#tailFloor = offset
    this.#trim()
  }

  /** The channel is forgotten; whoever still refers to the log keeps no messages alive. */
  forget(): void {
    this.#messages.clear()
  }

  #adopt(limits: HistoryLimits): void {
    const next = limitsInForce(this.#limits, limits)
    if (next === this.#limits) return
    // Defaults hide nothing for good: another process may have a wider one.
    if (next.explicit) this.#floor = floorAfterChange(this.#floor, this.#top, this.#limits)
    this.#limits = next
    this.#trim()
  }

  #trim(): void {
    const shownAfter = Math.max(this.#floor, this.#top - this.#limits.maxHistory)
    const dropUpTo = Math.min(shownAfter, this.#tailFloor)
    while (this.#messages.length > 0 && this.#top - this.#messages.length < dropUpTo) {
      this.#messages.shift()
    }
  }

  /** The oldest messages with offsets in `(after, upTo]`, as far as they are retained. */
  #page(after: number, upTo: number, limit: PageLimit, oldest = -Infinity): HistoryPage {
    const retainedAfter = this.#top - this.#messages.length
    const messages: Message[] = []
    let size = 0
    for (let offset = Math.max(after, retainedAfter) + 1; offset <= upTo; offset++) {
      const message = this.#messages.at(offset - retainedAfter - 1) as Message
      // Timestamps come from the publishers' clocks, so they need not grow with the offsets.
      if (message.timestamp < oldest) continue
      const full = messages.length >= limit.messages || size >= limit.bytes
      if (full && messages.length > 0) return { messages, more: true }
      messages.push(message)
      size += message.body.length
    }
    return { messages, more: false }
  }
}
