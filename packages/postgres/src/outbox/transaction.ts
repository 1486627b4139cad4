// An open transaction of a layer, as its user sees it.

import { ChanError, layerClosed, type Transaction } from '@chan/core/backend'
import { SessionLost, toChanError } from '../connection/errors.js'
import type { Session } from '../connection/session.js'

/** What a statement in a transaction answered. */
export interface PgTransactionResult<R> {
  readonly rows: R[]
  /** The command tag's first word, such as 'INSERT'. */
  readonly command: string
}

/** A statement of the caller's may take its time; a dead connection is noticed by then. */
const STATEMENT_MS = 10 * 60_000

/** An open transaction of a layer. Valid inside the function that was given it. */
export class PgTransaction implements Transaction {
  readonly #session: Session
  readonly #isClosed: () => boolean
  readonly #open = new Set<Promise<unknown>>()
  #ended = false
  /** @internal Something was published in it. */
  published = false

  /** @internal */
  constructor(session: Session, isClosed: () => boolean) {
    this.#session = session
    this.#isClosed = isClosed
  }

  /**
   * Runs one statement in this transaction.
   * @throws {ChanError} `invalid-option` after the end, `unavailable` where the connection was lost;
   * pg's `DatabaseError` where the server refused, after which only a rollback is possible
   */
  async query<R extends object = Record<string, unknown>>(
    text: string,
    values: readonly unknown[] = [],
  ): Promise<PgTransactionResult<R>> {
    if (this.#ended) throw ended()
    const answer = this.#session.execute(text, values, { deadlineMs: STATEMENT_MS })
    this.#open.add(answer)
    try {
      return (await answer) as PgTransactionResult<R>
    } catch (error) {
      if (this.#isClosed()) throw layerClosed()
      throw error instanceof SessionLost ? toChanError(error, 'The statement failed') : error
    } finally {
      this.#open.delete(answer)
    }
  }

  /** @internal Nothing more comes in. Resolves when what did come in is answered. */
  async end(): Promise<void> {
    this.#ended = true
    await Promise.allSettled(this.#open)
  }
}

function ended(): ChanError {
  return new ChanError(
    'invalid-option',
    'The transaction has ended.',
    'Use tx only inside the function given to layer.transaction(), and await what it starts.',
  )
}
