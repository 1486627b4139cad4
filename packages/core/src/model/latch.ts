// Waiting for something to become so: whoever waits is let go at the next opening, however many they are.

/** @internal Closed until `open`, and closed again after it. Holds nothing while nobody waits. */
export class Latch {
  #waiting: (() => void)[] | undefined

  /** Resolves at the next `open`. */
  wait(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting ??= []
      this.#waiting.push(resolve)
    })
  }

  /** Lets go of all who wait. */
  open(): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting) for (const resolve of waiting) resolve()
  }
}
