// Who is told of a channel's members. Listeners hurt neither each other nor the roster.

import { callSafely } from '../model/call.js'
import type { RosterBatch, RosterSnapshot } from './members.js'

/**
 * Is told of a channel's members: first a snapshot, then batches, each of which follows the version
 * before it, and another snapshot after each gap. All listeners get the same frozen objects.
 */
export interface RosterListener {
  synced(snapshot: RosterSnapshot): void
  changed(batch: RosterBatch): void
  /**
   * Nothing is told any more: it was stopped, perhaps from within a call of the above, or the layer
   * closed. One that was told nothing yet does not hear this either.
   */
  ended(): void
}

/** @internal The listeners of one roster. */
export class Audience {
  readonly #listeners = new Set<RosterListener>()
  /** Those that wait for their first snapshot. */
  readonly #waiting = new Set<RosterListener>()
  readonly #report: (error: unknown) => void

  constructor(report: (error: unknown) => void) {
    this.#report = report
  }

  /** Nobody listens or waits. */
  get empty(): boolean {
    return this.#listeners.size + this.#waiting.size === 0
  }

  /** Is about to listen, until `admit` or `stop`. Each object listens once. */
  expect(listener: RosterListener): void {
    this.#waiting.add(listener)
  }

  /** Begins with this snapshot, unless it was stopped meanwhile. */
  admit(listener: RosterListener, snapshot: RosterSnapshot): void {
    if (!this.#waiting.delete(listener)) return
    this.#listeners.add(listener)
    this.#call(() => listener.synced(snapshot))
  }

  synced(snapshot: RosterSnapshot): void {
    this.#each((listener) => listener.synced(snapshot))
  }

  changed(batch: RosterBatch): void {
    this.#each((listener) => listener.changed(batch))
  }

  /** Ends a listener; one that is unknown is left alone. */
  stop(listener: RosterListener): void {
    this.#waiting.delete(listener)
    if (this.#listeners.delete(listener)) this.#call(() => listener.ended())
  }

  stopAll(): void {
    this.#waiting.clear()
    for (const listener of this.#listeners) this.stop(listener)
  }

  #each(tell: (listener: RosterListener) => void): void {
    for (const listener of [...this.#listeners]) {
      // An earlier one may have ended a later one.
      if (this.#listeners.has(listener)) this.#call(() => tell(listener))
    }
  }

  #call(call: () => void): void {
    callSafely(call, this.#report)
  }
}
