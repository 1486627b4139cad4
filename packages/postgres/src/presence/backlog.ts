// Requests that wait to be sent, oldest first.

import type { Request } from './request.js'

/** Few enough to hold the batch lock for some milliseconds only. */
export const MAX_BATCH = 250
const MAX_BATCH_CHARACTERS = 262_144

export class Backlog {
  /** Before all others: repairs, what came back unsent, the parts of a refused batch. */
  #batches: (readonly Request[])[] = []
  /** In the order of the calls. */
  readonly #called = new Set<Request>()

  get length(): number {
    return this.#batches.reduce((sum, batch) => sum + batch.length, this.#called.size)
  }

  add(request: Request): void {
    this.#called.add(request)
  }

  /** Puts requests before all others, in batches of their own. */
  addFirst(requests: readonly Request[]): void {
    const batches: (readonly Request[])[] = []
    for (let at = 0; at < requests.length; at += MAX_BATCH) {
      batches.push(requests.slice(at, at + MAX_BATCH))
    }
    this.#batches.unshift(...batches)
  }

  /** The next batch; empty if nothing is wanted any more. */
  take(): readonly Request[] {
    for (;;) {
      const batch = this.#batches.shift()
      if (!batch) return this.#gather()
      const wanted = batch.filter((request) => request.wanted)
      if (wanted.length > 0) return wanted
    }
  }

  /** Takes a request out, unless it stands in a batch: that is looked through when it is taken. */
  delete(request: Request): void {
    this.#called.delete(request)
  }

  /** Takes out all that match; answers them. */
  removeWhere(matches: (request: Request) => boolean): Request[] {
    const removed: Request[] = []
    const stays = (request: Request) => {
      if (!matches(request)) return true
      removed.push(request)
      return false
    }
    this.#batches = this.#batches.map((batch) => batch.filter(stays))
    for (const request of this.#called) if (!stays(request)) this.#called.delete(request)
    return removed
  }

  /** Everything, in order. */
  toArray(): Request[] {
    return [...this.#batches.flat(), ...this.#called]
  }

  #gather(): Request[] {
    const batch: Request[] = []
    let characters = 0
    for (const request of this.#called) {
      characters += request.operation.detail.length
      const full = batch.length === MAX_BATCH || characters > MAX_BATCH_CHARACTERS
      if (full && batch.length > 0) break
      batch.push(request)
      this.#called.delete(request)
    }
    return batch
  }
}
