// The channels that nobody watches and nobody is present in, in the order of their last use. The
// least recently used are forgotten, so that names chosen by clients do not pile up.

import type { Topic } from './topic.js'

export class IdleChannels {
  readonly #max: number
  readonly #forget: (topic: Topic) => void
  // A Map keeps the order of insertion: the first is the least recently used.
  readonly #topics = new Map<string, Topic>()
  #newest: Topic | null = null

  constructor(max: number, forget: (topic: Topic) => void) {
    this.#max = max
    this.#forget = forget
  }

  get size(): number {
    return this.#topics.size
  }

  /** The channel is idle and was used just now. */
  touch(topic: Topic): void {
    if (topic === this.#newest) return
    this.#topics.delete(topic.name)
    this.#topics.set(topic.name, topic)
    this.#newest = topic
    if (this.#topics.size > this.#max) this.#forgetOldest()
  }

  /** The channel is in use again, or gone. */
  remove(topic: Topic): void {
    this.#topics.delete(topic.name)
    if (this.#newest === topic) this.#newest = null
  }

  #forgetOldest(): void {
    for (const topic of this.#topics.values()) {
      this.remove(topic)
      this.#forget(topic)
      return
    }
  }
}
