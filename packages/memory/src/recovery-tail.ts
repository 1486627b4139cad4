// The most recent messages of all channels of a bus, bounded by age and bytes together: what is in
// here can be read back after a gap, whatever history a channel shows.

import { Ring } from '@chan/core/backend'
import type { ChannelLog } from './channel-log.js'

/** Messages of one log that came one after another at about the same time. */
interface TailEntry {
  readonly log: ChannelLog
  /** When the first came, and the last. */
  readonly since: number
  at: number
  /** Of the last one. */
  offset: number
  messages: number
  bytes: number
}

/** What an entry may hold of the whole tail, in time and in bytes: it is let go as a whole. */
const PORTION = 1 / 1_000

/** One queue over all logs, in the order of appending. */
export class RecoveryTail {
  readonly #maxMs: number
  readonly #maxBytes: number
  readonly #entries = new Ring<TailEntry>()
  #bytes = 0
  #messages = 0

  constructor(maxMs: number, maxBytes: number) {
    this.#maxMs = maxMs
    this.#maxBytes = maxBytes
  }

  get length(): number {
    return this.#messages
  }

  get bytes(): number {
    return this.#bytes
  }

  push(log: ChannelLog, offset: number, bytes: number, now: number): void {
    this.#bytes += bytes
    const last = this.#entries.at(this.#entries.length - 1)
    if (last?.log === log && this.#joins(last, bytes, now)) {
      last.at = now
      last.offset = offset
      last.messages++
      last.bytes += bytes
    } else this.#entries.push({ log, since: now, at: now, offset, messages: 1, bytes })
    this.#messages++
    this.sweep(now)
  }

  #joins(entry: TailEntry, bytes: number, now: number): boolean {
    return (
      now - entry.since <= this.#maxMs * PORTION && entry.bytes + bytes <= this.#maxBytes * PORTION
    )
  }

  /** Lets go of what is too old or too much. */
  sweep(now: number): void {
    for (;;) {
      const oldest = this.#entries.at(0)
      if (oldest === undefined) return
      if (this.#bytes <= this.#maxBytes && oldest.at > now - this.#maxMs) return
      this.#entries.shift()
      this.#bytes -= oldest.bytes
      this.#messages -= oldest.messages
      oldest.log.leaveTail(oldest.offset)
    }
  }
}
