// Hands messages and presence changes to the members that watch, one at a time: what a delivery
// brings about waits until every member has the current one, so all see the same order.

import type { Message, PresenceChange } from '@chan/core/backend'
import { Ring } from '@chan/core/backend'
import type { Member } from './member.js'

interface Delivery {
  readonly members: readonly Member[]
  readonly channel: string
  readonly message: Message | null
  readonly change: PresenceChange | null
}

export class Dispatcher {
  #busy = false
  readonly #waiting = new Ring<Delivery>()

  /** Delivers now; or, inside a delivery, directly after what already waits. */
  message(members: readonly Member[], channel: string, message: Message): void {
    if (members.length === 0) return
    if (this.#busy) return this.#waiting.push({ members, channel, message, change: null })
    this.#busy = true
    for (const member of members) member.deliver(channel, message)
    this.#drain()
  }

  /** Like `message`. */
  presence(members: readonly Member[], channel: string, change: PresenceChange): void {
    if (members.length === 0) return
    if (this.#busy) return this.#waiting.push({ members, channel, message: null, change })
    this.#busy = true
    for (const member of members) member.presence(channel, change)
    this.#drain()
  }

  /** Runs the work; what it brings about is delivered after it. */
  after<T>(work: () => T): T {
    if (this.#busy) return work()
    this.#busy = true
    try {
      return work()
    } finally {
      this.#drain()
    }
  }

  #drain(): void {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      for (const member of next.members) {
        if (next.message) member.deliver(next.channel, next.message)
        else if (next.change) member.presence(next.channel, next.change)
      }
    }
    this.#busy = false
  }
}
