// Incoming frames of a connection: held in order until somebody consumes them, then handed over one
// at a time, bounded in number and length all the while.

/** Takes the next frame; while its promise is pending, the following ones wait. Never fails. */
export type FrameConsumer = (text: string) => void | Promise<void>

/** @internal */
export class Inbox {
  readonly #maxFrames: number
  readonly #maxLength: number
  readonly #waiting: string[] = []
  #length = 0
  #consumer: FrameConsumer | undefined
  #closed = false
  #running = false
  #idle: (() => void)[] = []

  /** @param maxLength of all waiting frames together, in UTF-16 units */
  constructor(maxFrames: number, maxLength: number) {
    this.#maxFrames = maxFrames
    this.#maxLength = maxLength
  }

  /** Answers false if the frame did not fit. One frame alone always fits. */
  push(text: string): boolean {
    if (this.#closed) return true
    if (this.#waiting.length > 0) {
      if (this.#waiting.length >= this.#maxFrames) return false
      if (this.#length + text.length > this.#maxLength) return false
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
    this.#waiting.length = 0
    this.#length = 0
  }

  /** Resolves when nothing is being consumed and nothing waits for it. */
  idle(): Promise<void> {
    if (!this.#running) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  #run(): void {
    if (this.#running || !this.#consumer) return
    this.#running = true
    for (;;) {
      const next = this.#waiting.shift()
      if (next === undefined) break
      this.#length -= next.length
      const busy = this.#consumer(next)
      if (busy) return void busy.then(this.#resume)
    }
    this.#running = false
    const idle = this.#idle
    this.#idle = []
    for (const resolve of idle) resolve()
  }

  readonly #resume = (): void => {
    this.#running = false
    this.#run()
  }
}
