// Calls in the order they came, while one of them has to find out first what it is about: those behind it
// wait until it has taken its place.

import { Ring } from '../model/ring.js'

interface Arrival {
  /** Takes its place; nothing as long as it is not known which. */
  enter: (() => void) | undefined
}

/** @internal */
export class Arrivals {
  /** Whether who comes now has to wait. */
  busy = false
  readonly #waiting = new Ring<Arrival>()

  /** Enters after those before it, for whom it waits: ask `busy` first. `enter` must not throw. */
  follow(enter: () => void): void {
    this.#waiting.push({ enter })
  }

  /** Enters when it is known with what, and after those before it; never where that fails. */
  hold<T>(known: Promise<T>, enter: (value: T) => void): void {
    const arrival: Arrival = { enter: undefined }
    this.#waiting.push(arrival)
    this.busy = true
    const found = (itsEnter: () => void) => {
      arrival.enter = itsEnter
      this.#advance()
    }
    known.then(
      (value) => found(() => enter(value)),
      () => found(() => {}),
    )
  }

  #advance(): void {
    for (let next = this.#waiting.at(0); next?.enter; next = this.#waiting.at(0)) {
      // Before it enters: what that brings about comes after those who wait now, and before nobody.
      this.#waiting.shift()
      this.busy = this.#waiting.length > 0
      next.enter()
    }
  }
}
