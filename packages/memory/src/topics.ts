// The channels a bus knows: opened on first use, forgotten when nothing holds them or when too many
// others were used since.

import { IdleChannels } from './idle-channels.js'
import { Topic } from './topic.js'

export class Topics implements Iterable<Topic> {
  readonly #byName = new Map<string, Topic>()
  readonly #idle: IdleChannels

  constructor(maxIdle: number) {
    this.#idle = new IdleChannels(maxIdle, (topic) => {
      this.#byName.delete(topic.name)
      topic.log?.forget()
    })
  }

  get size(): number {
    return this.#byName.size
  }

  get idleSize(): number {
    return this.#idle.size
  }

  [Symbol.iterator](): Iterator<Topic> {
    return this.#byName.values()
  }

  /** The channel if it is known; looking is no use of it. */
  find(name: string): Topic | undefined {
    return this.#byName.get(name)
  }

  /** The channel, new if need be. Whoever opens one settles or touches it in the same breath. */
  open(name: string): Topic {
    const known = this.#byName.get(name)
    if (known) return known
    const topic = new Topic(name)
    this.#byName.set(name, topic)
    return topic
  }

  /** The channel was used just now. */
  touch(topic: Topic): void {
    if (topic.log && topic.idle) this.#idle.touch(topic)
  }

  /** Puts the channel where it belongs after its watchers or members changed. */
  settle(topic: Topic): void {
    if (!topic.idle) this.#idle.remove(topic)
    else if (topic.log) this.#idle.touch(topic)
    else this.#byName.delete(topic.name)
  }
}
