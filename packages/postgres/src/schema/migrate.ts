// Brings the schema to this package's version, or says why not. Any number of processes may do this
// at once; all but the first find it done.

import { ChanError } from '@chan/core/backend'
import { SessionLost, sqlState, toChanError } from '../connection/errors.js'
import type { Session } from '../connection/session.js'
import { assertUnderstood, type Installed } from './installed.js'
import { quoteSchema } from './name.js'
import { type Durability, migrateStatement, SCHEMA_VERSION } from './sql.js'

export interface MigrateOptions {
  /** The schema's name, unquoted. */
  readonly schema: string
  readonly durability: Durability
  /** False: refuse a schema that is not there or older, for an administrator to see to. */
  readonly migrate: boolean
}

const DEADLINE_MS = 60_000

/**
 * Installs or updates the schema where it must; one read where it is up to date.
 * @throws {ChanError} `schema-newer`; `invalid-option` for another durability, missing rights, or a
 * schema that is missing or older with `migrate: false`; `unavailable`
 */
export async function migrate(session: Session, options: MigrateOptions): Promise<void> {
  const before = await readInstalled(session, options)
  if (before && isCurrent(before, options)) return
  if (!options.migrate) throw notMigrated(before, options)
  try {
    await session.query(migrateStatement(options.schema, options.durability), [], {
      deadlineMs: DEADLINE_MS,
    })
  } catch (error) {
    throw asRights(error, options) ?? toChanError(error, 'The schema was not migrated')
  }
  // Another process may have been first, and have asked for something else.
  const after = await readInstalled(session, options)
  if (!after || !isCurrent(after, options)) throw notMigrated(after, options)
}

async function readInstalled(
  session: Session,
  options: MigrateOptions,
): Promise<Installed | undefined> {
  try {
    const [installed] = await session.query<Installed>(
      `select version, min_compatible, durability from ${quoteSchema(options.schema)}.meta`,
    )
    return installed
  } catch (error) {
    // No such schema, no such table.
    if (/^(3F000|42P01)$/.test(sqlState(error) ?? '')) return undefined
    throw asRights(error, options) ?? toChanError(error, 'The schema was not read')
  }
}

/** Refuses what cannot be worked with; else whether nothing is to be done. */
function isCurrent(installed: Installed, { schema, durability }: MigrateOptions): boolean {
  assertUnderstood(installed, schema)
  if (installed.durability !== durability) {
    throw new ChanError(
      'invalid-option',
      `The schema '${schema}' was installed as '${installed.durability}', not '${durability}'.`,
      `Ask for durability '${installed.durability}', or for another schema; what a schema was ` +
        'installed as stays.',
    )
  }
  return installed.version >= SCHEMA_VERSION
}

function notMigrated(found: Installed | undefined, options: MigrateOptions): ChanError {
  const state = found ? `is at version ${found.version}` : 'is not installed'
  return new ChanError(
    'invalid-option',
    `The schema '${options.schema}' ${state}; this program needs version ${SCHEMA_VERSION}.`,
    `Run what '${command(options)}' prints, or let the layer do it: migrate: true.`,
  )
}

/** The error for missing rights, if that is what failed. */
function asRights(error: unknown, options: MigrateOptions): ChanError | undefined {
  if (error instanceof SessionLost || sqlState(error) !== '42501') return undefined
  return new ChanError(
    'invalid-option',
    `This role may not use or install the schema '${options.schema}': ${(error as Error).message}.`,
    `Let an administrator run what '${command(options)} --role <this role>' prints, or grant this ` +
      'role CREATE on the database.',
    { cause: error },
  )
}

function command({ schema, durability }: MigrateOptions): string {
  const parts = ['npx chan-postgres sql']
  if (schema !== 'chan') parts.push(`--schema ${schema}`)
  if (durability !== 'durable') parts.push(`--durability ${durability}`)
  return parts.join(' ')
}
