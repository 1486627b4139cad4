// The most recent messages of all channels of a bus, bounded by age and bytes together: what is in
// here can be read back after a gap, whatever history a channel shows.

import type { ChannelLog } from './channel-log.js'
import { Ring } from './ring.js'

interface TailEntry {
  readonly log: ChannelLog
  readonly offset: number
  readonly bytes: number
  readonly at: number
}

/** One queue over all logs, in the order of appending. */
export class RecoveryTail {
  readonly #maxMs: number
  readonly #maxBytes: number
  readonly #entries = new Ring<TailEntry>()
  #bytes = 0

  constructor(maxMs: number, maxBytes: number) {
    this.#maxMs = maxMs
    this.#maxBytes = maxBytes
  }

  get length(): number {
    return this.#entries.length
  }

  get bytes(): number {
    return this.#bytes
  }

  push(log: ChannelLog, offset: number, bytes: number, now: number): void {
    this.#entries.push({ log, offset, bytes, at: now })
    this.#bytes += bytes
    this.sweep(now)
  }

  /** Lets go of what is too old or too much. */
  sweep(now: number): void {
    for (;;) {
      const oldest = this.#entries.at(0)
      if (oldest === undefined) return
      if (this.#bytes <= this.#maxBytes && oldest.at > now - this.#maxMs) return
      this.#entries.shift()
      this.#bytes -= oldest.bytes
      oldest.log.leaveTail(oldest.offset)
    }
  }
}
