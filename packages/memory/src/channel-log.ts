// One channel's messages in memory: the numbering, what history may show, and what is kept for
// recovery. A message is let go when neither wants it.

import {
  type Entry,
  floorAfterChange,
  type HistoryLimits,
  type HistoryQuery,
  historyWindow,
  limitsInForce,
  Message,
  type Page,
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
  read(after: Position, limit: number): Page {
    const top = this.top
    const sameEpoch = after.epoch === this.#epoch || (after.epoch === '' && after.offset === 0)
    const retainedAfter = this.#top - this.#messages.length
    if (!sameEpoch || after.offset > this.#top || after.offset < retainedAfter) {
      return { messages: [], top, truncated: true }
    }
    const upTo = Math.min(this.#top, after.offset + limit)
    return { messages: this.#between(after.offset, upTo), top, truncated: false }
  }

  /** @param now in milliseconds, for the age limit */
  history(query: HistoryQuery, limits: HistoryLimits, now: number): readonly Message[] {
    this.#adopt(limits)
    const shown = this.#limits.explicit ? this.#limits : limits
    const { after, upTo } = historyWindow(this.top, this.#floor, shown, query)
    const messages = this.#between(after, upTo)
    const { historyTtlMs } = shown
    if (historyTtlMs === null) return messages
    // Timestamps come from the publishers' clocks, so they need not grow with the offsets.
    const oldest = (now - historyTtlMs) / 1000
    return messages.filter((message) => message.timestamp >= oldest)
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

  /** The messages with offsets in `(after, upTo]`, as far as they are retained. */
  #between(after: number, upTo: number): readonly Message[] {
    const retainedAfter = this.#top - this.#messages.length
    const messages: Message[] = []
    for (let offset = Math.max(after, retainedAfter) + 1; offset <= upTo; offset++) {
      messages.push(this.#messages.at(offset - retainedAfter - 1) as Message)
    }
    return messages
  }
}
