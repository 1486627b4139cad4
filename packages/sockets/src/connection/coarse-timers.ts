// Many deadlines, one timer: what thousands of connections wait for (pings, pongs, closing
// handshakes) is sorted into ticks, and one host timer turns them while anything waits.

import type { Clock, Timer } from '@chan/core/connections'

/** What is to be done, kept as it is: a connection that only waits has no closures of its own. */
export interface Deadline {
  /** Must not throw. */
  due(): void
}

/**
 * Runs tasks at least their delay from now, at most two ticks late. Ticks count firings of the host
 * timer, not the time that passed: when the process was stopped or its event loop blocked, what
 * peers sent meanwhile is read before their deadlines come, so nobody is dropped for our own pause.
 */
export class CoarseTimers {
  readonly #clock: Clock
  readonly #tickMs: number
  readonly #ticks = new Map<number, Set<Deadline>>()
  #now = 0
  #timer: Timer | undefined

  constructor(clock: Clock, tickMs: number) {
    this.#clock = clock
    this.#tickMs = tickMs
  }

  /** Runs `task` once. Tasks must not throw. */
  after(delayMs: number, task: () => void): Timer {
    const deadline = { due: task }
    const tick = this.schedule(deadline, delayMs)
    return { cancel: () => this.cancel(deadline, tick) }
  }

  /** Has the deadline come once; answers by what to cancel it. */
  schedule(deadline: Deadline, delayMs: number): number {
    // One more than the quotient, because the running tick may be almost over.
    const tick = this.#now + Math.ceil(delayMs / this.#tickMs) + 1
    const deadlines = this.#ticks.get(tick)
    if (deadlines) deadlines.add(deadline)
    else this.#ticks.set(tick, new Set([deadline]))
    this.#timer ??= this.#clock.after(this.#tickMs, this.#tick)
    return tick
  }

  /** Harmless for what has come or was canceled. */
  cancel(deadline: Deadline, tick: number): void {
    const deadlines = this.#ticks.get(tick)
    if (!deadlines?.delete(deadline) || deadlines.size > 0) return
    this.#ticks.delete(tick)
    if (this.#ticks.size > 0) return
    this.#timer?.cancel()
    this.#timer = undefined
  }

  readonly #tick = (): void => {
    this.#now++
    this.#timer = undefined
    // Kept in place meanwhile: one task may cancel another of its tick.
    for (const deadline of this.#ticks.get(this.#now) ?? []) deadline.due()
    this.#ticks.delete(this.#now)
    if (this.#ticks.size > 0) this.#timer ??= this.#clock.after(this.#tickMs, this.#tick)
  }
}
