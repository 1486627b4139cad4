import { runSql, startWorker } from '@chan/testkit'
import { describe, expect, it } from 'vitest'
import type { Session } from '../../src/connection/session.js'
import { type MigrateOptions, migrate } from '../../src/schema/migrate.js'
import { checkServer } from '../../src/schema/server.js'
import { SCHEMA_VERSION } from '../../src/schema/sql.js'
import { freshDatabase, rejection } from './fresh-database.js'

const wanted: MigrateOptions = { schema: 'chan', durability: 'durable', migrate: true }

/** What identifies an installation: a second one would have other random values. */
async function facts(url: string, schema = 'chan'): Promise<unknown> {
  const rows = await runSql(url, `select doorbell, lock_class, generation from ${schema}.meta`)
  expect(rows).toHaveLength(1)
  return rows[0]
}

describe('installing', () => {
  it('happens once; after that it is a read that needs no rights', async () => {
    const { url, open, role } = await freshDatabase()
    await migrate(await open(), wanted)
    const installed = await facts(url)
    expect(installed).toMatchObject({
      doorbell: expect.stringMatching(/^chan_[0-9a-f]{32}$/),
      generation: expect.stringMatching(/^[0-9a-f]{16}$/),
    })
    const reader = await role('reader')
    await runSql(url, `grant usage on schema chan to ${reader.name}`)
    await runSql(url, `grant select on chan.meta to ${reader.name}`)
    await migrate(await open(reader.url), wanted)
    expect(await facts(url)).toEqual(installed)
  })

  it('is done by one of many processes that come at once', async () => {
    const { url, open } = await freshDatabase()
    const entry = new URL('./migrator.ts', import.meta.url)
    const workers = await Promise.all(
      Array.from({ length: 3 }, () => startWorker(entry, { args: [url] })),
    )
    const sessions = await Promise.all(Array.from({ length: 5 }, () => open()))
    await Promise.all([
      ...workers.map((worker) => worker.call('migrate')),
      ...sessions.map((session) => migrate(session, wanted)),
    ])
    await facts(url)
    await Promise.all(workers.map((worker) => worker.kill()))
  }, 30_000)

  it('leaves nothing behind when it fails half-way', async () => {
    const { url, open } = await freshDatabase()
    // The last part of the first migration trips over this.
    await runSql(url, 'create schema chan; create table chan.outbox (mine int)')
    const failing = migrate(await open(), wanted)
    expect((await rejection(failing)).message).toMatch(
      /^The schema was not migrated: .*"outbox" already exists/,
    )
    const tables = await runSql(url, `select tablename from pg_tables where schemaname = 'chan'`)
    expect(tables).toEqual([{ tablename: 'outbox' }])
  })

  it('goes into a schema of any name, next to others', async () => {
    const { url, open } = await freshDatabase()
    const session = await open()
    await migrate(session, wanted)
    await migrate(session, { ...wanted, schema: 'Other_Chan' })
    expect(await facts(url)).not.toEqual(await facts(url, '"Other_Chan"'))
    const strays = await runSql(
      url,
      `select proname from pg_proc where pronamespace = '"Other_Chan"'::regnamespace
        and not coalesce(proconfig && array['search_path="Other_Chan", pg_temp', 'search_path=pg_catalog, pg_temp'], false)`,
    )
    expect(strays).toEqual([])
  })

  it('makes the log unlogged where that was asked for, and nothing else', async () => {
    const { url, open } = await freshDatabase()
    await migrate(await open(), { ...wanted, durability: 'unlogged' })
    const unlogged = await runSql<{ relname: string }>(
      url,
      `select relname from pg_class
      where relnamespace = 'chan'::regnamespace and relkind = 'r' and relpersistence = 'u'
      order by relname`,
    )
    const slots = [0, 1, 2, 3]
    expect(unlogged.map(({ relname }) => relname)).toEqual(
      [
        'idempotency',
        'kept',
        'log_life',
        ...slots.map((slot) => `log_${slot}`),
        ...slots.map((slot) => `shared_body_${slot}`),
      ].sort(),
    )
  })

  it('lets nobody else call its functions', async () => {
    const { url, open } = await freshDatabase()
    await migrate(await open(), wanted)
    const open_to_all = await runSql(
      url,
      `select proname from pg_proc where pronamespace = 'chan'::regnamespace
        and has_function_privilege('public', oid, 'execute')`,
    )
    expect(open_to_all).toEqual([])
    const installed = await runSql(
      url,
      `select from pg_proc where pronamespace = 'chan'::regnamespace`,
    )
    expect(installed.length).toBeGreaterThan(10)
  })
})

describe('an installation that is not ours', () => {
  async function installed(change: string): Promise<Session> {
    const { url, open } = await freshDatabase()
    const session = await open()
    await migrate(session, wanted)
    await runSql(url, `update chan.meta set ${change}`)
    return session
  }

  it('is refused where it is too new, and worked with where it only is newer', async () => {
    const next = SCHEMA_VERSION + 1
    const tooNew = await installed(`version = ${next}, min_compatible = ${next}`)
    expect(await rejection(checkServer(tooNew, '"chan"'))).toMatchObject({ code: 'schema-newer' })
    expect(await rejection(migrate(tooNew, wanted))).toMatchObject({
      code: 'schema-newer',
      retryable: false,
      message:
        `The schema 'chan' is at version ${next} and needs programs of version ${next}; ` +
        `this one is of version ${SCHEMA_VERSION}.`,
      hint: 'Update @chan/postgres in this program.',
    })
    const newer = await installed(`version = ${next}`)
    await migrate(newer, wanted)
    await migrate(newer, { ...wanted, migrate: false })
  })

  it('is refused where it is older and may not be touched', async () => {
    const session = await installed('version = 0')
    expect(await rejection(migrate(session, { ...wanted, migrate: false }))).toMatchObject({
      code: 'invalid-option',
      message: `The schema 'chan' is at version 0; this program needs version ${SCHEMA_VERSION}.`,
      hint: "Run what 'npx chan-postgres sql' prints, or let the layer do it: migrate: true.",
    })
  })

  it('is refused where it is not there and may not be made', async () => {
    const { open } = await freshDatabase()
    const options: MigrateOptions = { schema: 'mine', durability: 'unlogged', migrate: false }
    expect(await rejection(migrate(await open(), options))).toMatchObject({
      code: 'invalid-option',
      message: `The schema 'mine' is not installed; this program needs version ${SCHEMA_VERSION}.`,
      hint: expect.stringContaining("'npx chan-postgres sql --schema mine --durability unlogged'"),
    })
  })

  it('is refused where it is of another durability', async () => {
    const session = await installed(`durability = 'unlogged'`)
    expect(await rejection(migrate(session, wanted))).toMatchObject({
      code: 'invalid-option',
      message: "The schema 'chan' was installed as 'unlogged', not 'durable'.",
      hint: expect.stringContaining("Ask for durability 'unlogged'"),
    })
  })
})

describe('missing rights', () => {
  it('to install, or to use what is installed, are named with the cure', async () => {
    const { url, open, role } = await freshDatabase()
    const poor = await role('poor')
    const error = {
      code: 'invalid-option',
      retryable: false,
      message: expect.stringContaining("This role may not use or install the schema 'chan'"),
      hint: expect.stringContaining("'npx chan-postgres sql --role <this role>'"),
    }
    expect(await rejection(migrate(await open(poor.url), wanted))).toMatchObject(error)
    await migrate(await open(), wanted)
    expect(await rejection(migrate(await open(poor.url), wanted))).toMatchObject(error)
    await runSql(url, `grant usage on schema chan to ${poor.name}`)
    expect(await rejection(migrate(await open(poor.url), wanted))).toMatchObject(error)
  })

  it('are not needed where an administrator made the schema for the role', async () => {
    const { url, open, role } = await freshDatabase()
    const owner = await role('owner')
    await runSql(url, `create schema chan authorization ${owner.name}`)
    await migrate(await open(owner.url), wanted)
  })
})

describe('names of schemas', () => {
  it('are refused where they belong to others or could not be quoted safely', async () => {
    const { open } = await freshDatabase()
    const session = await open()
    const names = [
      '',
      'public',
      'pg_chan',
      'information_schema',
      'a-b',
      'a"b',
      'ä',
      '1st',
      'x'.repeat(64),
    ]
    for (const schema of names) {
      expect(await rejection(migrate(session, { ...wanted, schema })), schema).toMatchObject({
        code: 'invalid-option',
      })
    }
  })
})
