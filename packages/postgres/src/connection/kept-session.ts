// A session that comes back: lost, it is opened and set up again until that works. Whoever needs it
// waits with a deadline, and never notices which of its lives it got.

import { ChanError, type Clock, isChanError, layerClosed, type Timer } from '@chan/core/backend'
import { Backoff } from './backoff.js'
import { toChanError } from './errors.js'
import type { Session } from './session.js'
import { Waiting } from './waiting.js'

export type KeptState = 'connecting' | 'connected' | 'reconnecting' | 'closed'

export interface KeptSessionOptions {
  /** What it is for, in messages: 'publisher', 'listener' … */
  readonly name: string
  readonly clock: Clock
  /** Opens a session; gives up when the signal aborts. */
  open(signal: AbortSignal): Promise<Session>
  /** Sets a new session up. A failure is a failed connection, and so is losing it meanwhile. */
  ready(session: Session, returning: boolean): Promise<void>
  /** The session that was connected is gone; another one is sought. */
  lost(error: Error): void
  /** A session is connected and set up again. */
  back(): void
  /** Hears, once per outage, of a failure that waiting alone will not cure. */
  report(error: unknown): void
  /** For the jitter; answers from 0 up to, not including, 1. */
  readonly random?: () => number
}

/** A connection that held this long was a good one: its loss is met with an attempt at once. */
const STEADY_MS = 1_000

export class KeptSession {
  readonly #options: KeptSessionOptions
  readonly #backoff: Backoff
  readonly #closing = new AbortController()
  readonly #waiting: Waiting<Session>
  #state: KeptState = 'connecting'
  #session: Session | undefined
  #attempt: Promise<void> | undefined
  #timer: Timer | undefined
  #connectedAt = 0
  #reconnects = 0
  #lastError: Error | undefined
  #reported = false

  constructor(options: KeptSessionOptions) {
    this.#options = options
    this.#backoff = new Backoff(options.random)
    this.#waiting = new Waiting(options.clock)
  }

  /** The session, while one is connected and set up. */
  get session(): Session | undefined {
    return this.#session
  }

  get state(): KeptState {
    return this.#state
  }

  /** How often a lost session was replaced. */
  get reconnects(): number {
    return this.#reconnects
  }

  /** What the last loss or the last failed attempt failed with. */
  get lastError(): Error | undefined {
    return this.#lastError
  }

  /**
   * Makes the first connection.
   * @throws {ChanError} what it failed with; it may then be called again
   */
  start(): Promise<void> {
    if (this.#state === 'closed') return Promise.reject(layerClosed())
    this.#attempt ??= this.#connect(false).finally(() => {
      this.#attempt = undefined
    })
    return this.#attempt
  }

  /**
   * The session, as soon as there is one.
   * @throws {ChanError} `unavailable` when the deadline passed, `layer-closed` after `close`
   */
  whenReady(deadlineMs: number): Promise<Session> {
    if (this.#session) return Promise.resolve(this.#session)
    if (this.#state === 'closed') return Promise.reject(layerClosed())
    return this.#waiting.wait(deadlineMs, () => this.#notBack(deadlineMs))
  }

  /** Ends the session and the search for one. */
  async close(): Promise<void> {
    this.#state = 'closed'
    this.#timer?.cancel()
    this.#closing.abort(layerClosed())
    this.#waiting.rejectAll(layerClosed())
    const session = this.#session
    this.#session = undefined
    await Promise.all([session?.close(), this.#attempt?.catch(() => {})])
  }

  async #connect(returning: boolean): Promise<void> {
    const { signal } = this.#closing
    try {
      const session = await this.#options.open(signal)
      try {
        await this.#setUp(session, returning)
      } catch (error) {
        session.destroy()
        throw error
      }
      this.#adopt(session, returning)
    } catch (error) {
      if (this.#state === 'closed') throw layerClosed()
      const { name } = this.#options
      this.#lastError = toChanError(error, `The ${name}'s connection was not set up`)
      throw this.#lastError
    }
  }

  /** Also ends when the session is lost or nobody wants it: not all of a set-up is queries. */
  #setUp(session: Session, returning: boolean): Promise<void> {
    const { signal } = this.#closing
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const closed = () => reject(signal.reason)
      signal.addEventListener('abort', closed)
      session.onLost(reject)
      this.#options
        .ready(session, returning)
        .then(resolve, reject)
        .finally(() => signal.removeEventListener('abort', closed))
    })
  }

  #adopt(session: Session, returning: boolean): void {
    if (this.#state === 'closed') {
      session.destroy()
      throw layerClosed()
    }
    this.#session = session
    this.#state = 'connected'
    this.#connectedAt = this.#options.clock.now()
    this.#reported = false
    if (returning) {
      this.#reconnects++
      this.#options.back()
    }
    this.#waiting.serveAll(session)
    // Last: a session that is lost already says so inside this call.
    session.onLost((error) => this.#lost(session, error))
  }

  #lost(session: Session, error: Error): void {
    if (this.#session !== session) return
    this.#session = undefined
    this.#state = 'reconnecting'
    this.#lastError = error
    if (this.#options.clock.now() - this.#connectedAt >= STEADY_MS) this.#backoff.reset()
    this.#options.lost(error)
    this.#tryAgain()
  }

  #tryAgain(): void {
    if (this.#state === 'closed') return
    this.#timer = this.#options.clock.after(this.#backoff.next(), () => {
      this.#attempt = this.#connect(true)
        .catch((error) => this.#stillLost(error))
        .finally(() => {
          this.#attempt = undefined
        })
    })
  }

  #stillLost(error: unknown): void {
    if (this.#state === 'closed') return
    if (isChanError(error) && !error.retryable && !this.#reported) {
      this.#reported = true
      this.#options.report(error)
    }
    this.#tryAgain()
  }

  #notBack(deadlineMs: number): ChanError {
    const { name } = this.#options
    const cause = this.#lastError
    const why = cause ? ` (${cause.message})` : ''
    return new ChanError(
      'unavailable',
      `The ${name}'s connection to PostgreSQL was not there within ${deadlineMs} ms${why}.`,
      'Try again: the layer reconnects by itself. If it stays, look at the server and the network.',
      { cause },
    )
  }
}
