// What goes wrong on a connection that stood: which errors mean that it is gone, and how each one
// reads to a user.

import { ChanError } from '@chan/core/backend'
import { DatabaseError } from 'pg'

/**
 * The session is gone, and with it the answer to a query. If the query was `sent`, its outcome is
 * unknown: it may have been committed.
 */
export class SessionLost extends Error {
  static {
    Object.defineProperty(SessionLost.prototype, 'name', { value: 'SessionLost' })
  }

  /** Whether the server may have seen the query. */
  readonly sent: boolean

  constructor(message: string, sent: boolean, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.sent = sent
  }
}

/** The SQLSTATE of an error of the server, if it is one. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof DatabaseError ? error.code : undefined
}

/** Whether this answer to a query says that the session is gone. */
export function endsSession(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return true
  if (error.severity === 'FATAL' || error.severity === 'PANIC') return true
  // 57P0x: shut down, crashed, starting, terminated for idling; 08: the connection itself.
  // (`severity` is translated where the server speaks another language.)
  return /^(57P0[1235]|08)/.test(error.code ?? '')
}

/** Whether the server refused for a reason that passes: the same statement may succeed in a moment. */
export function isTransient(error: unknown): boolean {
  // Serialisation and deadlocks, resources, locks and time-outs, a server that is read-only for now.
  return /^(40|53|55P03|55006|57014|25006)/.test(sqlState(error) ?? '')
}

/** What the user hears of a failed operation. `what` says what did not happen: 'Reading failed'. */
export function toChanError(error: unknown, what: string): ChanError {
  if (error instanceof ChanError) return error
  const text = error instanceof Error ? error.message : String(error)
  const isRefusal = error instanceof DatabaseError
  if (!isRefusal && !(error instanceof SessionLost)) {
    return new ChanError('unavailable', `${what}: ${text}.`, unexpected.hint, { cause: error })
  }
  if (!isRefusal || endsSession(error)) {
    return new ChanError(
      'unavailable',
      `${what}: the connection to PostgreSQL was lost (${text}).`,
      'Try again: the layer reconnects by itself. If it stays, look at the server and the network.',
      { cause: error },
    )
  }
  const state = sqlState(error) ?? ''
  const refusal = refusals.find(({ states }) => states.test(state)) ?? unexpected
  return new ChanError(
    refusal.code,
    `${what}: PostgreSQL answered '${text}' (SQLSTATE ${state}).`,
    refusal.hint,
    { cause: error },
  )
}

interface Refusal {
  readonly states: RegExp
  readonly code: 'unavailable' | 'invalid-option'
  readonly hint: string
}

const refusals: readonly Refusal[] = [
  {
    states: /^(42501|28)/,
    code: 'invalid-option',
    hint: "Grant the role its rights: 'npx chan-postgres sql --role <role>' prints them.",
  },
  {
    states: /^(42P01|42703|42883|3F000)/,
    code: 'invalid-option',
    hint:
      "The schema is missing, incomplete or another version's: let the layer migrate it, or run " +
      "what 'npx chan-postgres sql' prints. Check the `schema` option.",
  },
  {
    states: /^25006/,
    code: 'unavailable',
    hint: 'The server is read-only: connect to the primary, or wait for the failover to end.',
  },
  {
    states: /^(55P03|57014)/,
    code: 'unavailable',
    hint: 'The server was too slow or something held a lock. Try again; look at pg_stat_activity.',
  },
  {
    states: /^53/,
    code: 'unavailable',
    hint: 'The server is out of a resource (disk, memory or connections). Try again when it is not.',
  },
]

const unexpected: Refusal = {
  states: /^/,
  code: 'unavailable',
  hint: "Try again. If it stays, look at the server's log and at `cause`.",
}
