// The text of everything that is installed: the numbered migrations, and the one statement that
// brings a schema of any age up to date. The layer and an administrator's psql run the same text.

import { grants } from './grants.js'
import { forget } from './migrations/0001/forget.js'
import { groups } from './migrations/0001/groups.js'
import { lease } from './migrations/0001/lease.js'
import { outbox } from './migrations/0001/outbox.js'
import { presence, presenceTables } from './migrations/0001/presence.js'
import { publish } from './migrations/0001/publish.js'
import { read } from './migrations/0001/read.js'
import { relay } from './migrations/0001/relay.js'
import { rotate } from './migrations/0001/rotate.js'
import { server } from './migrations/0001/server.js'
import { randomness, tables, writing } from './migrations/0001/tables.js'
import { DEFAULT_SCHEMA, quoteSchema, quoteText } from './name.js'

/**
 * `durable`: what was published survives a crash of the server. `unlogged`: faster; a crash of the
 * server empties the log, which shows as a new epoch.
 */
export type Durability = 'durable' | 'unlogged'

interface Migration {
  /** Programs of this version and later understand the result. */
  readonly minCompatible: number
  readonly sql: string
}

const first = [
  ...[randomness, tables, writing, server, publish],
  ...[presenceTables, groups, lease, presence, outbox, relay, rotate, forget, read],
].join('\n')

/** Migration n is at n - 1. A released one is never changed. */
const migrations: readonly Migration[] = [{ minCompatible: 1, sql: first }]

/** The schema that this version of the package installs. */
export const SCHEMA_VERSION = migrations.length

/** The facts of a new schema. The lock class is even: `+ 1` is the class of incarnations. */
const firstFacts = `
insert into meta
  (version, min_compatible, durability, doorbell, lock_class, generation, system_id, timeline)
  select 0, 0, @durability@, 'chan_' || random_text(32), (random_bigint() & 2147483646)::int,
    random_text(16), system_identifier::text, current_timeline()
  from pg_control_system();
`

/**
 * One statement that installs or updates the schema; nothing where it is up to date. Processes that
 * run it at the same time wait for the first.
 */
export function migrateStatement(schema: string, durability: Durability): string {
  const quoted = quoteSchema(schema)
  const steps = migrations.map(({ minCompatible, sql }, index) => {
    const version = index + 1
    const text = `${sql}
${version === 1 ? firstFacts : ''}
update meta set version = ${version}, min_compatible = ${minCompatible};
revoke execute on all functions in schema @schema@ from public;
`
    return `
  if installed < ${version} then
    execute $migration$${text}$migration$;
  end if;`
  })
  const parameters: Readonly<Record<string, string>> = {
    '@schema@': quoted,
    '@unlogged@': durability === 'unlogged' ? 'unlogged' : '',
    '@durability@': quoteText(durability),
  }
  return `do $chan$
declare
  installed int := 0;
begin
  perform set_config('lock_timeout', '30s', true);
  perform set_config('synchronous_commit', 'on', true);
  perform pg_advisory_xact_lock(hashtextextended(${quoteText(`chan schema ${schema}`)}, 0));
  -- Not "if not exists", which asks for the right to create even where it exists.
  if to_regnamespace(${quoteText(quoted)}) is null then
    create schema @schema@;
  end if;
  perform set_config('search_path', ${quoteText(`${quoted}, pg_temp`)}, true);
  if to_regclass(${quoteText(`${quoted}.meta`)}) is not null then
    execute 'select version from meta' into strict installed;
  end if;
${steps.join('\n')}
end
$chan$`.replace(/@(schema|unlogged|durability)@/g, (name) => parameters[name] as string)
}

export interface MigrationSqlOptions {
  /** Default 'chan'. */
  readonly schema?: string
  /** Default 'durable'. */
  readonly durability?: Durability
  /** A role that the layer connects as without owning the schema; it is given what it needs. */
  readonly role?: string
}

/**
 * Everything an administrator runs once, in psql or any other tool, so that layers may connect with
 * `migrate: false` and few rights. Running it again is harmless.
 * @throws {ChanError} `invalid-option` for a schema, durability or role that cannot be
 */
export function migrationSql(options: MigrationSqlOptions = {}): string {
  const { schema = DEFAULT_SCHEMA, durability = 'durable', role } = options
  return `-- Chan: schema ${quoteSchema(schema)}, version ${SCHEMA_VERSION}, ${durability}.
begin;
${migrateStatement(schema, durability)};
${role === undefined ? '' : grants(schema, role)}commit;
`
}
