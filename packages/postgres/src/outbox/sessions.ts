// The sessions that transactions run on: one each, opened when needed, kept for the next, few.

import { ChanError, type Clock, layerClosed, type Timer } from '@chan/core/backend'
import type { Session } from '../connection/session.js'
import { Waiting } from '../connection/waiting.js'

export interface TransactionSessionsOptions {
  readonly clock: Clock
  /** Opens a session within the deadline; gives up when the signal aborts. */
  open(signal: AbortSignal, deadlineMs: number): Promise<Session>
  /** Most transactions at a time. */
  readonly size: number
  /** A session unused for this long is closed. Default 30,000. */
  readonly idleMs?: number
}

export class TransactionSessions {
  readonly #options: TransactionSessionsOptions
  readonly #closing = new AbortController()
  readonly #all = new Set<Session>()
  /** The one used last is used next, so that the others may grow idle. */
  readonly #idle = new Map<Session, Timer>()
  readonly #waiting: Waiting<void>
  #lent = 0

  constructor(options: TransactionSessionsOptions) {
    this.#options = options
    this.#waiting = new Waiting(options.clock)
  }

  /** Open sessions, idle or not. */
  get size(): number {
    return this.#all.size
  }

  get closed(): boolean {
    return this.#closing.signal.aborted
  }

  /**
   * Lends a session, the caller's alone until `giveBack`.
   * @param fresh not one that was used before
   * @throws {ChanError} `unavailable`, `layer-closed`, and what connecting fails with
   */
  async borrow(deadlineMs: number, fresh: boolean): Promise<Session> {
    const { clock } = this.#options
    const end = clock.now() + deadlineMs
    await this.#enter(deadlineMs)
    try {
      return (fresh ? undefined : this.#takeIdle()) ?? (await this.#open(end - clock.now()))
    } catch (error) {
      this.#leave()
      throw this.closed ? layerClosed() : error
    }
  }

  /** Takes a borrowed session back: one in no transaction, or a destroyed one. */
  giveBack(session: Session): void {
    if (session.alive && !this.closed) {
      const timer = this.#options.clock.after(this.#options.idleMs ?? 30_000, () => {
        this.#forget(session)
        void session.close()
      })
      this.#idle.set(session, timer)
    } else this.#forget(session)
    this.#leave()
  }

  /** Ends every session, lent or not, which rolls back what is open on it. */
  async close(): Promise<void> {
    this.#closing.abort(layerClosed())
    for (const timer of this.#idle.values()) timer.cancel()
    this.#waiting.rejectAll(layerClosed())
    await Promise.all([...this.#all].map((session) => session.close()))
  }

  async #open(deadlineMs: number): Promise<Session> {
    const { signal } = this.#closing
    const session = await this.#options.open(signal, Math.max(1, deadlineMs))
    if (signal.aborted) {
      session.destroy()
      throw layerClosed()
    }
    this.#all.add(session)
    session.onLost(() => this.#forget(session))
    return session
  }

  #takeIdle(): Session | undefined {
    const session = [...this.#idle.keys()].at(-1)
    if (session) {
      this.#idle.get(session)?.cancel()
      this.#idle.delete(session)
    }
    return session
  }

  #forget(session: Session): void {
    this.#all.delete(session)
    this.#idle.get(session)?.cancel()
    this.#idle.delete(session)
  }

  /** Waits for a place. Whoever leaves hands its place over. */
  async #enter(deadlineMs: number): Promise<void> {
    if (this.closed) throw layerClosed()
    const { size } = this.#options
    if (this.#lent < size) this.#lent++
    else await this.#waiting.wait(deadlineMs, () => tooMany(size, deadlineMs))
  }

  #leave(): void {
    if (!this.#waiting.serveNext()) this.#lent--
  }
}

function tooMany(size: number, deadlineMs: number): ChanError {
  return new ChanError(
    'unavailable',
    `${size} transactions of this layer are open, and none ended within ${deadlineMs} ms.`,
    'Keep transactions short, and begin none inside another; or publish with the `tx` of a client ' +
      'from your own pool.',
    { details: { limit: size } },
  )
}
