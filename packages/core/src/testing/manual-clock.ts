// A clock that moves only when told to.

import type { Clock, Timer } from '../model/clock.js'

interface Scheduled {
  readonly at: number
  readonly order: number
  readonly task: () => void
}

/** A `Clock` for tests: time stands still until `advance`. */
export class ManualClock implements Clock {
  #now: number
  #order = 0
  readonly #scheduled = new Set<Scheduled>()

  /** @param startMs Unix time in milliseconds to start at. */
  constructor(startMs = 1_700_000_000_000) {
    this.#now = startMs
  }

  now(): number {
    return this.#now
  }

  after(delayMs: number, task: () => void): Timer {
    const entry = { at: this.#now + Math.max(0, delayMs), order: this.#order++, task }
    this.#scheduled.add(entry)
    return { cancel: () => this.#scheduled.delete(entry) }
  }

  /** Turns of the event loop are real: only durations are manual. */
  nextTurn(task: () => void): void {
    setTimeout(task, 0)
  }

  /** Timers that have not run yet. */
  get pending(): number {
    return this.#scheduled.size
  }

  /** Moves time forward, running due timers in order of their time, with `now()` at that time. */
  advance(ms: number): void {
    const until = this.#now + ms
    for (;;) {
      let next: Scheduled | undefined
      for (const entry of this.#scheduled) {
        if (entry.at > until) continue
        if (!next || entry.at < next.at || (entry.at === next.at && entry.order < next.order)) {
          next = entry
        }
      }
      if (!next) break
      this.#scheduled.delete(next)
      this.#now = next.at
      next.task()
    }
    this.#now = until
  }
}
