// One queue per layer through which every delivery runs: a publish made inside a callback is
// delivered after the current message has reached everybody, never nested in it, and a chain of
// publishes gives the event loop its turn.

import type { Clock } from '../model/clock.js'
import type { Message } from '../model/message.js'

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
  // Receiver and message alternate, so that waiting costs no object of its own.
  #waiting: unknown[] = []
  #head = 0
  #busy = false
  #turnOpen = false
  #turnStart = 0
  #spent = 0
  #accepted = 0
  #finished = 0
  readonly #waiters: { readonly at: number; readonly resolve: () => void }[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Deliveries that wait. */
  get length(): number {
    return (this.#waiting.length - this.#head) / 2
  }

  /** Deliveries finished since the layer was made. */
  get finished(): number {
    return this.#finished
  }

  /** Delivers now if nothing is being delivered, else after everything that already waits. */
  push(receiver: Receiver, message: Message): void {
    this.#accepted++
    if (this.#busy) {
      this.#waiting.push(receiver, message)
      return
    }
    this.#busy = true
    if (!this.#turnOpen) this.#openTurn()
    this.#deliver(receiver, message)
    this.#drain()
  }

  /** Runs a task in the place of a delivery. It must not throw. */
  run(task: () => void): void {
    this.push({ receive: task }, undefined as unknown as Message)
  }

  /** Resolves when everything that waits now was delivered. */
  caughtUp(): Promise<void> | undefined {
    if (this.#finished === this.#accepted) return undefined
    return new Promise((resolve) => this.#waiters.push({ at: this.#accepted, resolve }))
  }

  #drain(): void {
    while (this.#head < this.#waiting.length) {
      if (this.#exhausted()) return // stays busy: the next turn goes on
      const receiver = this.#waiting[this.#head++] as Receiver
      const message = this.#waiting[this.#head++] as Message
      this.#deliver(receiver, message)
      if (this.#head >= 2_048) {
        this.#waiting = this.#waiting.slice(this.#head)
        this.#head = 0
      }
    }
    if (this.#head > 0) {
      this.#waiting.length = 0
      this.#head = 0
    }
    // An exhausted turn stays busy even with nothing waiting: callbacks that answer each other in
    // microtasks would otherwise never let the event loop turn.
    this.#busy = this.#exhausted()
  }

  #deliver(receiver: Receiver, message: Message): void {
    receiver.receive(message)
    this.#spent++
    this.#finished++
    while (this.#waiters.length > 0 && (this.#waiters[0]?.at ?? 0) <= this.#finished) {
      this.#waiters.shift()?.resolve()
    }
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
    this.#busy = this.#head < this.#waiting.length
    if (!this.#busy) return
    this.#openTurn()
    this.#drain()
  }
}
