// Which server a session leads to: one we can work with, and the one whose epochs were announced.

import { ChanError } from '@chan/core/backend'
import type { Session } from '../connection/session.js'
import { assertUnderstood, type Installed } from './installed.js'
import type { Durability } from './sql.js'

const MIN_VERSION = 14

/** What a layer knows of its installation while a session lasts. */
export interface ServerFacts {
  /** The part of every epoch that is renewed when this may be another history. */
  readonly generation: string
  /** The physical name to LISTEN to. */
  readonly doorbell: string
  /** First key of the advisory locks. */
  readonly lockClass: number
  readonly durability: Durability
}

/**
 * Refuses servers that cannot carry a layer. Asks nothing of the schema.
 * @throws {ChanError} `invalid-option` for an old version or another encoding than UTF-8,
 * `unavailable` for a server in recovery (it may be promoted)
 */
export async function assertServer(session: Session): Promise<void> {
  const [server] = await session.query<Server>(
    `select current_setting('server_version_num')::int as version_num,
      current_setting('server_version') as version,
      current_setting('server_encoding') as encoding,
      current_database() as database,
      pg_is_in_recovery() as recovering`,
  )
  if (!server) throw new Error('the server answered no row')
  const { version_num, version, encoding, database, recovering } = server
  if (version_num < MIN_VERSION * 10_000) {
    throw new ChanError(
      'invalid-option',
      `The server is PostgreSQL ${version}; Chan needs ${MIN_VERSION} or newer.`,
      'Upgrade the server, or connect to another one.',
    )
  }
  if (encoding !== 'UTF8') {
    throw new ChanError(
      'invalid-option',
      `The database ${database} is encoded in ${encoding}; Chan needs UTF8.`,
      "Use a database created with: create database … encoding 'UTF8' template template0.",
    )
  }
  if (recovering) throw inRecovery()
}

/**
 * What every new session is asked first: makes `meta` true where the server was replaced, restored,
 * promoted, or lost an unlogged log, which renews the generation for all processes.
 * @param schema the quoted schema
 * @throws {ChanError} `unavailable` for a server in recovery, `schema-newer`
 */
export async function checkServer(session: Session, schema: string): Promise<ServerFacts> {
  const [meta] = await session.query<Meta>(
    `select pg_is_in_recovery() as recovering, version, min_compatible, durability, generation,
      doorbell, lock_class,
      case when not pg_is_in_recovery() then
        system_id = (select system_identifier::text from pg_control_system())
        and timeline = left(pg_walfile_name(pg_current_wal_lsn()), 8)
        and (durability <> 'unlogged' or exists (select from ${schema}.log_life))
      end as same
    from ${schema}.meta`,
  )
  if (!meta) throw new Error('the table meta is empty')
  if (meta.recovering) throw inRecovery()
  // It may have been updated since this process began.
  assertUnderstood(meta, schema.slice(1, -1))
  let { generation } = meta
  if (!meta.same) {
    const [checked] = await session.query<{ generation: string }>(
      `select generation from ${schema}.check_server()`,
    )
    if (checked) generation = checked.generation
  }
  return {
    generation,
    doorbell: meta.doorbell,
    lockClass: meta.lock_class,
    durability: meta.durability,
  }
}

function inRecovery(): ChanError {
  return new ChanError(
    'unavailable',
    'The server is in recovery: a standby, or one that is still starting.',
    'Connect to the primary (with several hosts, to the writable one), or wait for the promotion.',
  )
}

interface Server {
  readonly version_num: number
  readonly version: string
  readonly encoding: string
  readonly database: string
  readonly recovering: boolean
}

interface Meta extends Installed {
  readonly recovering: boolean
  readonly generation: string
  readonly doorbell: string
  readonly lock_class: number
  readonly same: boolean | null
}
