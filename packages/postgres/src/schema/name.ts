// Names in SQL: the schema that everything lives in, and the roles that are let in.

import { ChanError } from '@chan/core/backend'

/** The schema used unless the `schema` option names one. */
export const DEFAULT_SCHEMA = 'chan'

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/

/**
 * The quoted form of a schema name.
 * @throws {ChanError} `invalid-option` for anything but letters, digits and underscores, and for
 * schemas that belong to others
 */
export function quoteSchema(schema: string): string {
  const shared = /^(public|information_schema|pg_.*)$/.test(schema)
  if (typeof schema === 'string' && NAME.test(schema) && !shared) return `"${schema}"`
  throw new ChanError(
    'invalid-option',
    `The schema ${JSON.stringify(schema)} cannot hold Chan's tables.`,
    shared
      ? "Give it a schema of its own, such as the default 'chan'."
      : 'Use 1 to 63 letters, digits and underscores, beginning with a letter or an underscore.',
  )
}

/** @throws {ChanError} `invalid-option` for what cannot be the name of a role */
export function quoteRole(role: string): string {
  if (role !== '' && !role.includes('\0') && new TextEncoder().encode(role).length <= 63) {
    return `"${role.replaceAll('"', '""')}"`
  }
  throw new ChanError(
    'invalid-option',
    `${JSON.stringify(role)} cannot be the name of a role.`,
    'Name a role of the database, 1 to 63 bytes long.',
  )
}

/** A text as an SQL literal. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
