// What comes while nothing can be delivered: kept in order up to a bound. Above it, and for whoever
// takes nothing, it is let go and read from the log later.

import type { Message } from '../model/message.js'

/** Characters of bodies that may wait; above it they are dropped and read again. */
const MAX_HELD = 1_048_576
/** What a message takes beside its body, in these: a flood of tiny ones is a flood. */
const OVERHEAD = 256

/** @internal */
export class Held {
  /** Something that has a place was let go: the log is to be read for it. */
  lost = false
  #messages: Message[] = []
  #size = 0
  #paused = false

  /** How many messages wait. */
  get length(): number {
    return this.#messages.length
  }

  add(message: Message): void {
    if (this.lost || this.#paused) {
      // What has no place cannot be read later: it is delivered at most once.
      this.lost ||= message.offset !== undefined
      return
    }
    this.#messages.push(message)
    this.#size += message.body.length + OVERHEAD
    if (this.#size > MAX_HELD) this.#drop()
  }

  /** Keeps nothing, also of what comes, until `resume`. */
  pause(): void {
    this.#paused = true
    this.#drop()
  }

  resume(): void {
    this.#paused = false
  }

  /** Hands over what waits, in the order it came. */
  take(): readonly Message[] {
    const messages = this.#messages
    this.#messages = []
    this.#size = 0
    return messages
  }

  #drop(): void {
    this.lost ||= this.take().some(({ offset }) => offset !== undefined)
  }
}
