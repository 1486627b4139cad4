// How late a process's timers fire: what a machine under load takes from every deadline, so that a
// test can hold a program to its promise and not to the machine's.

const TICK_MS = 50

export class Lateness {
  #timer: ReturnType<typeof setInterval> | undefined
  /** The worst so far, in milliseconds. */
  worstMs = 0
  /** All of it, in milliseconds. */
  totalMs = 0

  /** Begins at once; `using` ends it. */
  static watch(): Lateness {
    const lateness = new Lateness()
    lateness.start()
    return lateness
  }

  start(): void {
    let last = performance.now()
    clearInterval(this.#timer)
    this.#timer = setInterval(() => {
      const now = performance.now()
      const late = Math.max(0, now - last - TICK_MS)
      this.worstMs = Math.max(this.worstMs, late)
      this.totalMs += late
      last = now
    }, TICK_MS)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  [Symbol.dispose](): void {
    this.stop()
  }
}
