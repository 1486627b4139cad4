// One connection to PostgreSQL that tells the truth: every query settles once, nothing waits longer
// than its deadline, and the owner hears once when the connection is gone.

import { type Clock, systemClock, type Timer } from '@chan/core/backend'
import type { Client, QueryResultRow } from 'pg'
import type { SessionConfig } from './config.js'
import { connectError } from './connect-error.js'
import { type Answer, QueryQueue } from './query-queue.js'

export interface SessionOptions {
  /** Longest time to connect in. */
  readonly deadlineMs: number
  /** Shown in pg_stat_activity, unless the connection names one. Default 'chan'. */
  readonly applicationName?: string
  readonly clock?: Clock
  /** Gives up connecting. */
  readonly signal?: AbortSignal
}

export interface QueryOptions {
  /** Longest time from sending to the answer; above it the session is lost. Default 5000. */
  readonly deadlineMs?: number
}

const QUERY_DEADLINE_MS = 5_000
const CLOSE_DEADLINE_MS = 1_000

export class Session {
  readonly #client: Client
  readonly #clock: Clock
  readonly #queries: QueryQueue
  readonly #settings = new Map<string, string>()
  #state: 'connecting' | 'alive' | 'lost' | 'closed' = 'connecting'
  #lostWith: Error | undefined
  #lostListeners: ((error: Error) => void)[] = []
  #failConnect: (error: Error) => void = () => {}
  #ended: Promise<void> | undefined

  /**
   * Connects. The session speaks UTF-8 whatever the server's default is.
   * @throws {ChanError} `unavailable` or `invalid-option`, naming the cause and the cure
   */
  static async open(config: SessionConfig, options: SessionOptions): Promise<Session> {
    const session = new Session(config, options)
    try {
      await session.#connect(options)
      const encoding = session.setting('client_encoding')
      // Not a start-up parameter, which poolers refuse; this one they keep per client.
      if (encoding !== undefined && encoding !== 'UTF8') {
        await session.query(`set client_encoding to 'UTF8'`, [], options)
      }
      return session
    } catch (error) {
      session.destroy()
      throw connectError(error, config.target)
    }
  }

  private constructor(config: SessionConfig, options: SessionOptions) {
    this.#clock = options.clock ?? systemClock
    this.#client = config.createClient(options.applicationName ?? 'chan')
    this.#queries = new QueryQueue({
      clock: this.#clock,
      send: (text, values, answered) => {
        this.#client.query({ text, values: values as unknown[] }, (error, result) => {
          // Several statements in one text answer with several results.
          const last = Array.isArray(result) ? result.at(-1) : result
          answered(error, { rows: last?.rows ?? [], command: last?.command ?? '' })
        })
      },
      lost: (error) => this.#lose(error),
    })
    // Before connecting: an `error` without a listener would end the process.
    this.#client.on('error', (error) => this.#lose(error))
    this.#client.on('end', () => this.#lose(new Error('the server closed the connection')))
    this.#client.connection.on('parameterStatus', (status: ParameterStatus) => {
      this.#settings.set(status.parameterName, status.parameterValue)
    })
  }

  /** The server's process behind this session; a pooler's invention where there is one. */
  get processId(): number {
    return (this.#client as Client & { readonly processID: number }).processID
  }

  /** Queries may be sent. */
  get alive(): boolean {
    return this.#state === 'alive'
  }

  /** A setting that the server reports on its own: `server_version`, `client_encoding` … */
  setting(name: string): string | undefined {
    return this.#settings.get(name)
  }

  /**
   * Runs one unnamed statement, after all earlier ones. Without values it may be several statements,
   * which are then one transaction and answer the rows of the last.
   * @throws {SessionLost} the session is gone; pg's `DatabaseError` where the server refused
   */
  async query<R extends object = QueryResultRow>(
    text: string,
    values: readonly unknown[] = [],
    options: QueryOptions = {},
  ): Promise<R[]> {
    return (await this.execute(text, values, options)).rows as R[]
  }

  /** Like `query`, and answers the command tag too. */
  execute(
    text: string,
    values: readonly unknown[] = [],
    { deadlineMs = QUERY_DEADLINE_MS }: QueryOptions = {},
  ): Promise<Answer> {
    return this.#queries.run(text, values, deadlineMs)
  }

  /** Hears the payload of every notification. The listener must not throw. */
  onNotification(listener: (payload: string) => void): void {
    this.#client.on('notification', ({ payload = '' }) => listener(payload))
  }

  /** Hears once that the session is gone; at once if it is. Never after `close` or `destroy`. */
  onLost(listener: (error: Error) => void): void {
    if (this.#lostWith) listener(this.#lostWith)
    else this.#lostListeners.push(listener)
  }

  /** Says goodbye to the server; within a second the socket is gone. Open queries are rejected. */
  close(): Promise<void> {
    this.#ended ??= this.alive ? this.#sayGoodbye() : Promise.resolve(this.destroy())
    return this.#ended
  }

  /** Drops the socket at once, and whoever listens hears that the session is lost. */
  giveUp(reason: Error): void {
    this.#lose(reason)
  }

  /** Drops the socket at once. Open queries are rejected. */
  destroy(): void {
    if (this.#state !== 'lost') this.#state = 'closed'
    this.#queries.close(this.#lostWith ?? new Error('it was closed'))
    // Not pg's `end`, which waits for an answer that a dead link never gives.
    this.#client.connection.stream.destroy()
  }

  async #connect({ deadlineMs, signal }: SessionOptions): Promise<void> {
    const giveUp = () => this.#failConnect(new Error('connecting was given up'))
    const timer = this.#clock.after(deadlineMs, () => this.#failConnect(tooLate(deadlineMs)))
    signal?.addEventListener('abort', giveUp)
    try {
      await new Promise<void>((resolve, reject) => {
        this.#failConnect = reject
        if (signal?.aborted) return giveUp()
        this.#client.connect((error?: Error | null) => {
          if (error) return reject(error)
          // Here, not when the promise is heard: the connection may be lost in between.
          this.#state = 'alive'
          resolve()
        })
      })
    } finally {
      timer.cancel()
      signal?.removeEventListener('abort', giveUp)
    }
  }

  #lose(error: Error): void {
    if (this.#state === 'connecting') this.#failConnect(error)
    if (this.#state !== 'alive') return
    this.#state = 'lost'
    this.#lostWith = error
    this.destroy()
    const listeners = this.#lostListeners
    this.#lostListeners = []
    for (const listener of listeners) listener(error)
  }

  async #sayGoodbye(): Promise<void> {
    this.#state = 'closed'
    this.#queries.close(new Error('it was closed'))
    let timer: Timer | undefined
    await new Promise<void>((resolve) => {
      timer = this.#clock.after(CLOSE_DEADLINE_MS, resolve)
      this.#client.end(() => resolve())
    })
    timer?.cancel()
    this.destroy()
  }
}

interface ParameterStatus {
  readonly parameterName: string
  readonly parameterValue: string
}

function tooLate(deadlineMs: number): Error {
  return Object.assign(new Error(`no answer within ${deadlineMs} ms`), { code: 'ETIMEDOUT' })
}
