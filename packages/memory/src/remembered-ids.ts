// Which message was first stored under which idempotency id. Bounded by age and bytes, and
// independent of history: the id is remembered when its message has long been trimmed.

import type { Message } from '@chan/core/backend'

interface Remembered {
  readonly message: Message
  readonly bytes: number
  readonly at: number
}

export class RememberedIds {
  readonly #maxMs: number
  readonly #maxBytes: number
  // In the order of remembering, so that the oldest are the first. Names and ids contain no control
  // characters, so a NUL between them cannot be part of either.
  readonly #entries = new Map<string, Remembered>()
  #bytes = 0

  constructor(maxMs: number, maxBytes: number) {
    this.#maxMs = maxMs
    this.#maxBytes = maxBytes
  }

  get size(): number {
    return this.#entries.size
  }

  get(channel: string, id: string, now: number): Message | undefined {
    this.#sweep(now)
    return this.#entries.get(key(channel, id))?.message
  }

  set(channel: string, id: string, message: Message, bytes: number, now: number): void {
    this.#entries.set(key(channel, id), { message, bytes, at: now })
    this.#bytes += bytes
    this.#sweep(now)
  }

  #sweep(now: number): void {
    for (const [name, entry] of this.#entries) {
      if (this.#bytes <= this.#maxBytes && entry.at > now - this.#maxMs) return
      this.#entries.delete(name)
      this.#bytes -= entry.bytes
    }
  }
}

function key(channel: string, id: string): string {
  return `${channel}\0${id}`
}
