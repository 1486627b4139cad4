// One queue per layer through which every delivery runs: a publish made inside a callback is
// delivered after the current message has reached everybody, never nested in it, and a chain of
// publishes gives the event loop its turn.

import type { Clock } from '../model/clock.js'
import type { Message } from '../model/message.js'
import { Ring } from '../model/ring.js'

/** Deliveries, and milliseconds, after which the queue lets other work run. */
const TURN_DELIVERIES = 1_000
const TURN_MS = 10

/** Takes messages out of the queue. Must not throw. */
export interface Receiver {
  receive(message: Message): void
}

/** Runs deliveries in order, one at a time. */
export class DeliveryQueue {
  readonly #clock: Clock
  // Receiver and message alternate, so that waiting costs no object of its own. Between them, behind
  // all that they wait for, those who are answered then: a function and what it is called with.
  readonly #waiting = new Ring<unknown>()
  #length = 0
  /** Whether somebody is in `#waiting`. */
  #waits = false
  #busy = false
  #turnOpen = false
  #turnStart = 0
  #spent = 0
  #accepted = 0
  #finished = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Deliveries that wait. */
  get length(): number {
    return this.#length
  }

  /** Deliveries finished since the layer was made. */
  get finished(): number {
    return this.#finished
  }

  /** Delivers now if nothing is being delivered, else after everything that already waits. */
  push(receiver: Receiver, message: Message): void {
    this.#accepted++
    if (this.#busy) {
      this.#length++
      this.#wait(receiver, message)
      return
    }
    this.#busy = true
    if (!this.#turnOpen) this.#openTurn()
    this.#deliver(receiver, message)
    if (this.#waits) this.#drain()
    else this.#busy = this.#exhausted()
  }

  /** Runs a task in the place of a delivery. It must not throw. */
  run(task: () => void): void {
    this.push({ receive: task }, undefined as unknown as Message)
  }

  /** Resolves when everything that waits now was delivered; nothing if it was. */
  caughtUp(): Promise<void> | undefined {
    return this.answerLater(undefined)
  }

  /** The same for whoever has an answer, and gets it then. Rejected when the queue is abandoned. */
  answerLater<T>(answer: T): Promise<T> | undefined {
    // Apart, for every publish passes here: whatever makes a closure costs an object in each call.
    return this.#finished === this.#accepted ? undefined : this.#answer(answer)
  }

  /** Rejects those who wait for their answer. What was to be delivered stays. */
  abandon(reason: unknown): void {
    for (let at = 0; at < this.#waiting.length; at += 2) {
      const next = this.#waiting.at(at)
      const answered = typeof next === 'function' && this.#waiting.at(at + 1) !== undefined
      if (answered) next(Promise.reject(reason))
    }
  }

  #answer<T>(answer: T): Promise<T> {
    return new Promise<T>((resolve) => this.#wait(resolve, answer))
  }

  #wait(who: unknown, what: unknown): void {
    this.#waits = true
    this.#waiting.push(who)
    this.#waiting.push(what)
  }

  #drain(): void {
    while (this.#waiting.length > 0) {
      const next = this.#waiting.at(0)
      const isAnswer = typeof next === 'function'
      if (!isAnswer && this.#exhausted()) return // stays busy: the next turn goes on
      this.#waiting.shift()
      const what = this.#waiting.shift()
      if (isAnswer) next(what)
      else {
        this.#length--
        this.#deliver(next as Receiver, what as Message)
      }
    }
    this.#waits = false
    // An exhausted turn stays busy even with nothing waiting: callbacks that answer each other in
    // microtasks would otherwise never let the event loop turn.
    this.#busy = this.#exhausted()
  }

  #deliver(receiver: Receiver, message: Message): void {
    receiver.receive(message)
    this.#spent++
    this.#finished++
  }

  #exhausted(): boolean {
    return this.#spent >= TURN_DELIVERIES || this.#clock.now() - this.#turnStart >= TURN_MS
  }

  #openTurn(): void {
    this.#turnOpen = true
    this.#spent = 0
    this.#turnStart = this.#clock.now()
    this.#clock.nextTurn(this.#endTurn)
  }

  readonly #endTurn = (): void => {
    this.#turnOpen = false
    this.#busy = this.#waits
    if (!this.#busy) return
    this.#openTurn()
    this.#drain()
  }
}
