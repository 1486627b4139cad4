// Runs one step again and again, never twice at a time: after the pause that each run asks for, sooner
// when woken, later and later while it fails.

import { type Clock, isChanError, type Timer } from '@chan/core/backend'
import { isTransient } from '../connection/errors.js'

/** What a repeater runs. */
export interface RepeaterHost {
  readonly clock: Clock
  /** Answers the milliseconds until the next run; `Infinity` for when it is woken. */
  step(): Promise<number>
  /** Hears of failures that do not pass by themselves; each once until a run succeeds. */
  report(error: unknown): void
}

const BACKOFF_MS = 100
const MAX_BACKOFF_MS = 5_000
/** After this many failures in a row, what should have passed is reported too. */
const PATIENCE = 10

export class Repeater {
  readonly #host: RepeaterHost
  #state: 'stopped' | 'going' | 'closed' = 'stopped'
  #running: Promise<void> | undefined
  #timer: Timer | undefined
  /** When the timer fires, by the clock. */
  #due = Infinity
  /** When the run after the present one was asked for. */
  #wanted = Infinity
  #failures = 0
  #reported: string | undefined

  constructor(host: RepeaterHost) {
    this.#host = host
  }

  /** Begins, or goes on after `pause`: the next run is `delayMs` from now. */
  start(delayMs = 0): void {
    if (this.#state !== 'stopped') return
    this.#state = 'going'
    this.#failures = 0
    this.#plan(delayMs)
  }

  /** No run begins until `start`. */
  pause(): void {
    if (this.#state !== 'going') return
    this.#state = 'stopped'
    this.#cancel()
  }

  /** Asks for a run at most `delayMs` from now. While runs fail, those pauses hold. */
  wake(delayMs = 0): void {
    if (this.#state !== 'going' || this.#failures > 0) return
    const at = this.#host.clock.now() + delayMs
    if (this.#running) this.#wanted = Math.min(this.#wanted, at)
    else if (at < this.#due) this.#plan(delayMs)
  }

  /** Resolves when the present run, if any, has ended; there is none after it. */
  async close(): Promise<void> {
    this.#state = 'closed'
    this.#cancel()
    await this.#running
  }

  #plan(delayMs: number): void {
    this.#cancel()
    // A run that outlasted a pause plans the next one itself.
    if (this.#state !== 'going' || this.#running || delayMs === Infinity) return
    const { clock } = this.#host
    this.#due = clock.now() + delayMs
    if (delayMs <= 0) this.#begin()
    else this.#timer = clock.after(delayMs, () => this.#begin())
  }

  #begin(): void {
    this.#cancel()
    this.#running = this.#run().then((pause) => {
      this.#running = undefined
      const wanted = this.#failures > 0 ? Infinity : this.#wanted - this.#host.clock.now()
      this.#wanted = Infinity
      this.#plan(Math.min(pause, Math.max(0, wanted)))
    })
  }

  async #run(): Promise<number> {
    try {
      const pause = await this.#host.step()
      this.#failures = 0
      this.#reported = undefined
      return pause
    } catch (error) {
      this.#failures++
      if (this.#state !== 'closed') this.#tell(error)
      const ceiling = Math.min(MAX_BACKOFF_MS, BACKOFF_MS * 2 ** Math.min(this.#failures, 10))
      return ceiling * (0.5 + Math.random() / 2)
    }
  }

  #tell(error: unknown): void {
    // Who owns the connections tells of their loss.
    if (isChanError(error) && error.retryable) return
    if (isTransient(error) && this.#failures < PATIENCE) return
    const text = String(error)
    if (text === this.#reported) return
    this.#reported = text
    this.#host.report(error)
  }

  #cancel(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#due = Infinity
  }
}
