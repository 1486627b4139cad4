// Runs a Standard Schema over a value, at once where the schema answers at once.

import { isThenable } from './call.js'
import type { Clock } from './clock.js'
import { withDeadline } from './deadline.js'
import { ChanError, type SchemaIssue, type StandardSchemaV1 } from './message.js'

const DEADLINE_MS = 5_000

/**
 * Calls `use` with what the schema makes of the value; without a schema, with the value itself.
 * @throws {ChanError} `schema-rejected` (or a promise of it), with the schema's complaints;
 * `unavailable` where an async one has not answered after 5 s
 */
export function validated<R>(
  clock: Clock,
  schema: StandardSchemaV1 | undefined,
  value: unknown,
  what: string,
  use: (value: unknown) => R,
): R | Promise<R> {
  if (!schema) return use(value)
  const settle = (result: Awaited<ReturnType<StandardSchemaV1['~standard']['validate']>>) => {
    if (result.issues) throw rejected(what, result.issues)
    return use(result.value)
  }
  let result: ReturnType<StandardSchemaV1['~standard']['validate']>
  try {
    result = schema['~standard'].validate(value)
  } catch (cause) {
    throw failed(what, cause)
  }
  if (!isThenable(result)) return settle(result)
  const answer = Promise.resolve(result).catch((cause) => {
    throw failed(what, cause)
  })
  return withDeadline(clock, DEADLINE_MS, answer, () => noAnswer(what)).then(settle)
}

function noAnswer(what: string): ChanError {
  return new ChanError(
    'unavailable',
    `The schema did not decide about ${what} within ${DEADLINE_MS / 1000} s.`,
    'Give whatever the schema waits for a deadline of its own, below this one.',
  )
}

function rejected(what: string, issues: readonly SchemaIssue[]): ChanError {
  const complaints = issues.slice(0, 3).map((issue) => describe(issue))
  return new ChanError(
    'schema-rejected',
    `The schema rejected ${what}: ${complaints.join('; ')}`,
    'Make the value fit the schema of the channel.',
    { details: { issues } },
  )
}

function failed(what: string, cause: unknown): ChanError {
  return new ChanError(
    'schema-rejected',
    // The cause may be shown to clients by whoever passes this on; it stays in `cause`.
    `The schema failed while it checked ${what}.`,
    'See the cause of this error. A schema must answer with issues, not throw.',
    { cause },
  )
}

function describe({ path = [], message }: SchemaIssue): string {
  const keys = path.map((step) => String(typeof step === 'object' ? step.key : step))
  return keys.length > 0 ? `${keys.join('.')}: ${message}` : message
}
