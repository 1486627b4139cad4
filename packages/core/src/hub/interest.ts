// Reports how many subscribers this process has per channel: at once where that is cheap, else what
// changed, at most once a second.

import type { Clock, Timer } from '../model/clock.js'
import { isChanError } from '../model/message.js'
import type { InterestStore } from '../ports/interest.js'

const RETRY_MS = 1_000

/** @internal */
export class InterestReporter {
  readonly #store: InterestStore
  readonly #clock: Clock
  readonly #intervalMs: number
  readonly #report: (error: unknown) => void
  #changed = new Map<string, number>()
  #timer: Timer | undefined
  #closed = false

  constructor(
    store: InterestStore,
    clock: Clock,
    intervalMs: number,
    report: (error: unknown) => void,
  ) {
    this.#store = store
    this.#clock = clock
    this.#intervalMs = intervalMs
    this.#report = report
  }

  /** The channel has this many subscribers now. */
  changed(channel: string, count: number): void {
    this.#changed.set(channel, count)
    if (this.#intervalMs === 0) void this.#flush()
    else this.#schedule(this.#intervalMs)
  }

  /** The cluster's count, with this process's own changes included. */
  async total(channel: string): Promise<number> {
    if (this.#changed.has(channel)) await this.#flush()
    return this.#store.totalInterest(channel)
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
    this.#changed.clear()
  }

  async #flush(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = undefined
    const counts = this.#changed
    if (counts.size === 0) return
    this.#changed = new Map()
    try {
      await this.#store.reportInterest(counts)
    } catch (error) {
      // Newer counts win; the others are reported again.
      for (const [channel, count] of counts) {
        if (!this.#changed.has(channel)) this.#changed.set(channel, count)
      }
      // A report on its way when the layer closed is of no use to anybody.
      if (!(this.#closed && isChanError(error) && error.code === 'layer-closed'))
        this.#report(error)
      if (!this.#closed) this.#schedule(RETRY_MS)
    }
  }

  #schedule(delayMs: number): void {
    this.#timer ??= this.#clock.after(delayMs, () => void this.#flush())
  }
}
