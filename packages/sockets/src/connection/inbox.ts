// Incoming frames of a connection: held in order until somebody consumes them, then handed over one
// at a time, bounded in number and length all the while.

import { Latch } from '@chan/core/connections'

/** Who gets the frames. */
export interface FrameConsumer {
  /** Takes the next frame; while its promise is pending, the following ones wait. Never fails. */
  consume(text: string): void | Promise<void>
}

/** What may wait: how many, and their length together in UTF-16 units. */
export interface InboxBounds {
  readonly maxQueuedFrames: number
  readonly maxBufferedBytes: number
}

/** @internal Holds nothing of its own while nothing waits: most connections are quiet. */
export class Inbox {
  readonly #bounds: InboxBounds
  #waiting: string[] | undefined
  #length = 0
  #consumer: FrameConsumer | undefined
  #closed = false
  #running = false
  #idle: Latch | undefined

  constructor(bounds: InboxBounds) {
    this.#bounds = bounds
  }

  /** Answers false if the frame did not fit. One frame alone always fits. */
  push(text: string): boolean {
    if (this.#closed) return true
    const { maxQueuedFrames, maxBufferedBytes } = this.#bounds
    this.#waiting ??= []
    if (this.#waiting.length > 0) {
      if (this.#waiting.length >= maxQueuedFrames) return false
      if (this.#length + text.length > maxBufferedBytes) return false
    }
    this.#waiting.push(text)
    this.#length += text.length
    this.#run()
    return true
  }

  /** Hands over what waits and whatever comes. */
  open(consumer: FrameConsumer): void {
    this.#consumer = consumer
    this.#run()
  }

  /** Drops what waits and whatever comes; what is being consumed goes on. */
  close(): void {
    this.#closed = true
    this.#waiting = undefined
    this.#length = 0
  }

  /** Resolves when nothing is being consumed and nothing waits for it. */
  idle(): Promise<void> {
    if (!this.#running) return Promise.resolve()
    this.#idle ??= new Latch()
    return this.#idle.wait()
  }

  #run(): void {
    if (this.#running || !this.#consumer) return
    this.#running = true
    for (;;) {
      const next = this.#waiting?.shift()
      if (next === undefined) break
      this.#length -= next.length
      const busy = this.#consumer.consume(next)
      if (busy) return void busy.then(() => this.#resume())
    }
    this.#running = false
    this.#idle?.open()
  }

  #resume(): void {
    this.#running = false
    this.#run()
  }
}
