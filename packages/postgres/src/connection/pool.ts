// The few sessions that reads share: opened when needed, closed when idle. Nothing here depends on
// which session answers, so a read whose session is lost is simply asked again, once.

import { ChanError, type Clock, layerClosed, type Timer } from '@chan/core/backend'
import type { QueryResultRow } from 'pg'
import { endsSession, SessionLost, toChanError } from './errors.js'
import type { Session } from './session.js'
import { Waiting } from './waiting.js'

export interface ReadPoolOptions {
  readonly clock: Clock
  /** Opens a session within the deadline; gives up when the signal aborts. */
  open(signal: AbortSignal, deadlineMs: number): Promise<Session>
  /** Most sessions at a time. Default 3. */
  readonly size?: number
  /** A session unused for this long is closed. Default 30,000. */
  readonly idleMs?: number
  /** Longest time to wait for a free session, and to get an answer. Default 5000. */
  readonly deadlineMs?: number
}

interface Idle {
  readonly session: Session
  readonly timer: Timer
}

export class ReadPool {
  readonly #options: ReadPoolOptions
  readonly #size: number
  readonly #idleMs: number
  readonly #deadlineMs: number
  readonly #closing = new AbortController()
  readonly #sessions = new Set<Session>()
  /** The one used last is used next, so that the others may grow idle. */
  readonly #idle: Idle[] = []
  readonly #waiting: Waiting<void>
  #busy = 0

  constructor(options: ReadPoolOptions) {
    this.#options = options
    this.#waiting = new Waiting(options.clock)
    this.#size = options.size ?? 3
    this.#idleMs = options.idleMs ?? 30_000
    this.#deadlineMs = options.deadlineMs ?? 5_000
  }

  /** Open sessions, idle or not. */
  get size(): number {
    return this.#sessions.size
  }

  /**
   * Reads. The statement may run twice, so it must change nothing.
   * @throws {ChanError} `unavailable` and what connecting fails with; pg's `DatabaseError` where the
   * server refused
   */
  async query<R extends object = QueryResultRow>(
    text: string,
    values: readonly unknown[] = [],
  ): Promise<R[]> {
    await this.#enter()
    const end = this.#options.clock.now() + this.#deadlineMs
    const left = () => Math.max(1, end - this.#options.clock.now())
    try {
      try {
        return await this.#ask<R>(text, values, left())
      } catch (error) {
        const again = error instanceof SessionLost && end > this.#options.clock.now()
        if (!again || this.#closing.signal.aborted) throw error
        return await this.#ask<R>(text, values, left())
      }
    } catch (error) {
      if (this.#closing.signal.aborted) throw layerClosed()
      throw endsSession(error) ? toChanError(error, 'Reading failed') : error
    } finally {
      this.#leave()
    }
  }

  /** Ends every session; open queries reject with `layer-closed`. */
  async close(): Promise<void> {
    this.#closing.abort(layerClosed())
    for (const { timer } of this.#idle.splice(0)) timer.cancel()
    this.#waiting.rejectAll(layerClosed())
    await Promise.all([...this.#sessions].map((session) => session.close()))
  }

  async #ask<R extends object>(
    text: string,
    values: readonly unknown[],
    deadlineMs: number,
  ): Promise<R[]> {
    const end = this.#options.clock.now() + deadlineMs
    const session = this.#takeIdle() ?? (await this.#open(deadlineMs))
    const left = Math.max(1, end - this.#options.clock.now())
    try {
      return await session.query<R>(text, values, { deadlineMs: left })
    } finally {
      this.#giveBack(session)
    }
  }

  async #open(deadlineMs: number): Promise<Session> {
    const { signal } = this.#closing
    const session = await this.#options.open(signal, deadlineMs)
    if (signal.aborted) {
      session.destroy()
      throw layerClosed()
    }
    this.#sessions.add(session)
    session.onLost(() => this.#forget(session))
    return session
  }

  #takeIdle(): Session | undefined {
    const idle = this.#idle.pop()
    idle?.timer.cancel()
    return idle?.session
  }

  #giveBack(session: Session): void {
    if (!session.alive || this.#closing.signal.aborted) return
    const timer = this.#options.clock.after(this.#idleMs, () => {
      this.#forget(session)
      void session.close()
    })
    this.#idle.push({ session, timer })
  }

  #forget(session: Session): void {
    this.#sessions.delete(session)
    const at = this.#idle.findIndex((idle) => idle.session === session)
    if (at >= 0) this.#idle.splice(at, 1)[0]?.timer.cancel()
  }

  /** Waits for a place. Whoever leaves hands its place over. */
  #enter(): Promise<void> | undefined {
    if (this.#closing.signal.aborted) throw layerClosed()
    if (this.#busy < this.#size) {
      this.#busy++
      return
    }
    return this.#waiting.wait(this.#deadlineMs, () => tooBusy(this.#size, this.#deadlineMs))
  }

  #leave(): void {
    if (!this.#waiting.serveNext()) this.#busy--
  }
}

function tooBusy(size: number, deadlineMs: number): ChanError {
  return new ChanError(
    'unavailable',
    `All ${size} reading connections to PostgreSQL were busy for ${deadlineMs} ms.`,
    'Try again. If it stays, look at pg_stat_activity for what is slow.',
  )
}
