// The transactions of others in which this process has published: the relay looks for their rows
// often while they are young, and gives up on what stays open for an hour.

/** How often, in milliseconds, to look for the rows of a young transaction. */
const SOON_MS = 20
/** And of an old one. */
const LATE_MS = 1_000
/** A client whose answers tell no transaction id is believed to commit within this time. */
const BLIND_MS = 2_000
const FORGET_MS = 60 * 60_000
/** What is above this number is left to the regular probes. */
const MOST = 10_000

export class ForeignTransactions {
  readonly #since = new Map<string, number>()
  /** When one was added last. */
  #youngest = -Infinity
  #blindUntil = -Infinity

  /** @param xid undefined where it could not be told */
  add(xid: string | undefined, now: number): void {
    if (xid === undefined) this.#blindUntil = now + BLIND_MS
    else if (!this.#since.has(xid) && this.#since.size < MOST) {
      this.#since.set(xid, now)
      this.#youngest = now
    }
  }

  /** The transactions to ask about. */
  ids(now: number): readonly string[] {
    for (const [xid, since] of this.#since) {
      if (now - since < FORGET_MS) break
      this.#since.delete(xid)
    }
    return [...this.#since.keys()]
  }

  /** Those asked about that may still leave rows; the others are done. */
  keep(asked: readonly string[], open: ReadonlySet<string>): void {
    for (const xid of asked) if (!open.has(xid)) this.#since.delete(xid)
  }

  /** Milliseconds until it is worth to look, `Infinity` if nothing is waited for. */
  pause(now: number): number {
    const blind = now < this.#blindUntil ? SOON_MS : Infinity
    if (this.#since.size === 0) return blind
    const age = now - this.#youngest
    return Math.min(blind, Math.max(SOON_MS, Math.min(LATE_MS, age / 100)))
  }
}
