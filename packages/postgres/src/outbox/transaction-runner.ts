// The transactions that a layer runs: begun, handed to the caller's function, and ended so that the
// caller knows how.

import { ChanError, type Clock, layerClosed, type Timer } from '@chan/core/backend'
import { SessionLost, toChanError } from '../connection/errors.js'
import type { Session } from '../connection/session.js'
import type { TransactionSessions } from './sessions.js'
import { PgTransaction } from './transaction.js'

export interface TransactionRunnerHost {
  readonly clock: Clock
  readonly sessions: TransactionSessions
  /** Whether a commit must survive a crash of the server even where its default is weaker. */
  readonly durable: boolean
  /** A transaction in which something was published has, or may have, committed. */
  readonly committed: () => void
}

/** Longest time, in milliseconds, of each step around the caller's function. */
const STEP_MS = 5_000
/** Here and not with SET, which a pooler would hand on to others. */
const BEGIN = `begin; select set_config('synchronous_commit', 'on', true)
  where current_setting('synchronous_commit') in ('off', 'local', 'remote_write')`

export class TransactionRunner {
  readonly #host: TransactionRunnerHost

  constructor(host: TransactionRunnerHost) {
    this.#host = host
  }

  /** See `TransactionalLog.transaction`. */
  async run<T>(work: (tx: PgTransaction) => Promise<T>): Promise<T> {
    const { sessions } = this.#host
    const session = await this.#begin()
    const tx = new PgTransaction(session, () => sessions.closed)
    try {
      let result: T
      try {
        result = await work(tx)
      } catch (reason) {
        void tx.end()
        await this.#rollBack(session)
        throw reason
      }
      await tx.end()
      await this.#commit(session, tx)
      return result
    } finally {
      sessions.giveBack(session)
    }
  }

  async #begin(): Promise<Session> {
    const { clock, sessions, durable } = this.#host
    const end = clock.now() + STEP_MS
    for (let fresh = false; ; fresh = true) {
      const session = await sessions.borrow(Math.max(1, end - clock.now()), fresh)
      try {
        const deadlineMs = Math.max(1, end - clock.now())
        await session.execute(durable ? BEGIN : 'begin', [], { deadlineMs })
        return session
      } catch (error) {
        session.destroy()
        sessions.giveBack(session)
        if (sessions.closed) throw layerClosed()
        // One that had idled may have been dead without knowing; nothing has happened on it.
        if (!fresh && error instanceof SessionLost && clock.now() < end) continue
        throw toChanError(error, 'The transaction was not begun')
      }
    }
  }

  async #commit(session: Session, tx: PgTransaction): Promise<void> {
    const { sessions, committed } = this.#host
    let command: string
    try {
      command = (await session.execute('commit', [], { deadlineMs: STEP_MS })).command
    } catch (error) {
      if (error instanceof SessionLost && error.sent) {
        // Only the server knows; if it did commit, the messages come.
        if (tx.published) committed()
        throw outcomeUnknown(error)
      }
      if (sessions.closed) throw layerClosed()
      throw notCommitted(error)
    }
    // The answer to the COMMIT of a transaction in which a statement had failed.
    if (command === 'ROLLBACK') throw rolledBack()
    if (tx.published) committed()
  }

  /** The caller's reason matters; a session that does not answer is dropped, which rolls back too. */
  async #rollBack(session: Session): Promise<void> {
    // Statements that nobody awaits may be in the way.
    const timer: Timer = this.#host.clock.after(STEP_MS, () => session.destroy())
    try {
      await session.execute('rollback', [], { deadlineMs: STEP_MS })
    } catch {
      session.destroy()
    } finally {
      timer.cancel()
    }
  }
}

function rolledBack(): ChanError {
  return new ChanError(
    'unavailable',
    'The transaction was rolled back, because a statement in it had failed.',
    'Let the error of a failed statement end the function, or guard the statement by a savepoint.',
  )
}

function outcomeUnknown(cause: unknown): ChanError {
  return new ChanError(
    'outcome-unknown',
    'The connection was lost during the commit: the transaction may be committed or not.',
    'Look at the data before doing it again; publish with an `id`, so that doing it twice is harmless.',
    { cause },
  )
}

/** A server's refusal (a deferred constraint, a serialisation failure) is in `cause`. */
function notCommitted(error: unknown): ChanError {
  const { message, hint } = toChanError(error, 'The transaction was not committed')
  return new ChanError('unavailable', message, hint, { cause: error })
}
