// A channel's subscribers in a dense array: O(1) to add and remove, safe to change while a message
// is on its way through it.

import type { Message } from '../model/message.js'
import type { Subscriber } from './subscriber.js'

/** @internal */
export class SubscriberSet {
  readonly #dense: Subscriber[] = []
  /** The message on its way, and whose turn it is. */
  #delivering: Message | undefined
  #turn = 0
  #left: Subscriber[] = []

  /** Subscribers that have not ended. */
  get size(): number {
    return this.#dense.length - this.#left.length
  }

  add(subscriber: Subscriber): void {
    subscriber.slot = this.#dense.length
    this.#dense.push(subscriber)
  }

  /** Answers false if it was not there. */
  delete(subscriber: Subscriber): boolean {
    if (subscriber.slot < 0) return false
    if (this.#delivering) {
      if (this.#left.includes(subscriber)) return false
      this.#left.push(subscriber)
    } else this.#remove(subscriber)
    return true
  }

  /** Hands the message to those that were there when it came. */
  deliver(message: Message): void {
    this.#delivering = message
    const dense = this.#dense
    // Those added by a callback come behind `count`: their subscription starts after this message.
    const count = dense.length
    for (this.#turn = 0; this.#turn < count; this.#turn++) {
      ;(dense[this.#turn] as Subscriber).accept(message)
    }
    this.#delivering = undefined
    if (this.#left.length > 0) this.#removeLeft()
  }

  /** The message on its way that has not reached this subscriber yet, if there is one. */
  owed(subscriber: Subscriber): Message | undefined {
    return subscriber.slot > this.#turn ? this.#delivering : undefined
  }

  /** A copy, for rare walks that may change the set. */
  toArray(): Subscriber[] {
    return this.#dense.filter((subscriber) => subscriber.active)
  }

  #removeLeft(): void {
    const left = this.#left
    this.#left = []
    for (const subscriber of left) this.#remove(subscriber)
  }

  #remove(subscriber: Subscriber): void {
    const last = this.#dense.pop() as Subscriber
    if (last !== subscriber) {
      this.#dense[subscriber.slot] = last
      last.slot = subscriber.slot
    }
    subscriber.slot = -1
  }
}
