// Runs a Standard Schema over a value, at once where the schema answers at once.

import { ChanError, type SchemaIssue, type StandardSchemaV1 } from './message.js'

/**
 * Calls `use` with what the schema makes of the value; without a schema, with the value itself.
 * @throws {ChanError} `schema-rejected` (or a promise of it), with the schema's complaints
 */
export function validated<R>(
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
  if (!(result instanceof Promise)) return settle(result)
  return result.then(settle, (cause) => {
    throw failed(what, cause)
  })
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
    `The schema failed while it checked ${what}: ${(cause as Error)?.message ?? cause}`,
    'A schema must answer with issues, not throw.',
    { cause },
  )
}

function describe({ path = [], message }: SchemaIssue): string {
  const keys = path.map((step) => String(typeof step === 'object' ? step.key : step))
  return keys.length > 0 ? `${keys.join('.')}: ${message}` : message
}
