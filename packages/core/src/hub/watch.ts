// Whether a backend watches a channel: turned on by the first user, off some time after the last,
// never both at once.

import type { Clock, Timer } from '../model/clock.js'
import type { Position } from '../model/message.js'

/** What a watch switches. */
export interface Watched {
  readonly clock: Clock
  /** How long a channel without users stays watched, in milliseconds; 0 lets go at once. */
  readonly lingerMs: number
  /** Runs before the backend is asked, so that early deliveries find their gate. */
  prepare(): void
  watch(): Promise<Position>
  start(position: Position): void
  unwatch(): Promise<void>
  /** The channel is not watched and nobody uses it. */
  idle(): void
  report(error: unknown): void
}

/** @internal Counts users of one channel and switches its watch. */
export class Watch {
  readonly #watched: Watched
  #users = 0
  #on: Promise<void> | undefined
  #confirmed = false
  #off: Promise<void> | undefined
  #linger: Timer | undefined
  #closed = false

  constructor(watched: Watched) {
    this.#watched = watched
  }

  /** The backend has confirmed that it watches. */
  get confirmed(): boolean {
    return this.#confirmed
  }

  /**
   * Adds a user. Nothing is answered if the channel is watched already, else a promise of it; a
   * rejected one has not added a user.
   */
  acquire(): Promise<void> | undefined {
    this.#users++
    this.#linger?.cancel()
    this.#linger = undefined
    if (this.#confirmed) return undefined
    this.#on ??= this.#turnOn()
    return this.#on.catch((error: unknown) => {
      this.#users--
      this.#settle()
      throw error
    })
  }

  /** Removes a user. */
  release(): void {
    this.#users--
    this.#settle()
  }

  /** Nothing is switched any more: the backend is about to close, and lets go of everything. */
  close(): void {
    this.#closed = true
    this.#linger?.cancel()
  }

  async #turnOn(): Promise<void> {
    try {
      await this.#off
      this.#watched.prepare()
      this.#watched.start(await this.#watched.watch())
      this.#confirmed = true
    } catch (error) {
      this.#on = undefined
      throw error
    }
    // Everybody may have gone while the backend was asked.
    this.#settle()
  }

  #settle(): void {
    if (this.#users > 0 || this.#linger || this.#closed) return
    if (!this.#confirmed) {
      if (!this.#on && !this.#off) this.#watched.idle()
      return
    }
    const { clock, lingerMs } = this.#watched
    if (lingerMs === 0) return this.#turnOff()
    this.#linger = clock.after(lingerMs, () => {
      this.#linger = undefined
      if (this.#users === 0) this.#turnOff()
    })
  }

  #turnOff(): void {
    this.#confirmed = false
    this.#on = undefined
    this.#off = this.#watched
      .unwatch()
      .catch((error: unknown) => this.#watched.report(error))
      .then(() => {
        this.#off = undefined
        if (this.#users === 0) this.#watched.idle()
      })
  }
}
