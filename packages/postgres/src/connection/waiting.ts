// Callers that wait for something scarce, in the order they came, each with a deadline.

import type { Clock, Timer } from '@chan/core/backend'

interface Waiter<T> {
  readonly timer: Timer
  resolve(value: T): void
  reject(error: unknown): void
}

export class Waiting<T> {
  readonly #clock: Clock
  readonly #waiters = new Set<Waiter<T>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Waits; rejects with what `expired` answers when the deadline passes. */
  wait(deadlineMs: number, expired: () => Error): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(deadlineMs, () => {
        this.#waiters.delete(waiter)
        reject(expired())
      })
      const waiter: Waiter<T> = { timer, resolve, reject }
      this.#waiters.add(waiter)
    })
  }

  /** Serves who waits longest. False if nobody does. */
  serveNext(value: T): boolean {
    const [next] = this.#waiters
    if (!next) return false
    this.#end(next).resolve(value)
    return true
  }

  /** Serves everybody. */
  serveAll(value: T): void {
    while (this.serveNext(value));
  }

  /** Turns everybody away. */
  rejectAll(error: unknown): void {
    for (const waiter of [...this.#waiters]) this.#end(waiter).reject(error)
  }

  #end(waiter: Waiter<T>): Waiter<T> {
    waiter.timer.cancel()
    this.#waiters.delete(waiter)
    return waiter
  }
}
