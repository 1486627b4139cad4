import { runSql } from '@chan/testkit'
import { expect, it } from 'vitest'
import { sqlState } from '../../src/connection/errors.js'
import { publishGrants } from '../../src/schema/grants.js'
import { migrate } from '../../src/schema/migrate.js'
import { assertServer, checkServer } from '../../src/schema/server.js'
import { migrationSql } from '../../src/schema/sql.js'
import { freshDatabase, rejection } from './fresh-database.js'

const wanted = { schema: 'chan', durability: 'durable', migrate: true } as const

it('what is printed installs everything, may run again, and is what the layer installs', async () => {
  const [printed, layered] = await Promise.all([freshDatabase(), freshDatabase()])
  await runSql(printed.url, migrationSql())
  const [before] = await runSql(printed.url, 'select * from chan.meta')
  await runSql(printed.url, migrationSql())
  expect(await runSql(printed.url, 'select * from chan.meta')).toEqual([before])
  await migrate(await layered.open(), wanted)
  expect(await objects(printed.url)).toEqual(await objects(layered.url))
})

it('a role that owns nothing has all it needs, and no more', async () => {
  const { url, open, role } = await freshDatabase()
  const app = await role('app')
  await runSql(url, migrationSql({ role: app.name }))
  const session = await open(app.url)
  await assertServer(session)
  await migrate(session, { ...wanted, migrate: false })
  await migrate(session, wanted)
  const { doorbell } = await checkServer(session, '"chan"')

  // What connecting, publishing, emptying the log and a failover do.
  await session.query(`listen ${doorbell}`)
  await session.query(`update chan.meta set timeline = '0000002A'`)
  await checkServer(session, '"chan"')
  const [publisher] = await session.query('select * from chan.enter_publisher(null)')
  expect(publisher).toMatchObject({ publisher: expect.any(Number), token: 1 })
  await session.query(`select chan.publish('c', '1')`)
  await session.query('select last_value from chan.doorbell_seq')
  await session.query('truncate chan.log_0, chan.shared_body_0')

  const lacking = await session.query(
    `select proname as lacks from pg_proc
      where pronamespace = 'chan'::regnamespace and not has_function_privilege(oid, 'execute')
    union all select relname from pg_class
      where relnamespace = 'chan'::regnamespace and relkind in ('r', 'p')
        and not (has_table_privilege(oid, 'select') and has_table_privilege(oid, 'insert')
          and has_table_privilege(oid, 'update') and has_table_privilege(oid, 'delete'))
    union all select relname from pg_class
      where relnamespace = 'chan'::regnamespace and relkind = 'S'
        and not (has_sequence_privilege(oid, 'usage') and has_sequence_privilege(oid, 'select'))`,
  )
  expect(lacking).toEqual([])
  for (const forbidden of [
    'create table chan.mine ()',
    'drop table chan.meta',
    'truncate chan.meta',
  ]) {
    expect(sqlState(await rejection(session.query(forbidden))), forbidden).toBe('42501')
  }
})

it('a role that publishes by the function can do nothing else', async () => {
  const { url, open, role } = await freshDatabase()
  const app = await role('app')
  await runSql(url, migrationSql())
  await runSql(url, publishGrants('chan', app.name))
  const session = await open(app.url)
  await session.query(`select chan.publish('orders', '{"id":1}', 'shop')`)
  expect(await runSql(url, 'select channel, body, sender from chan.outbox')).toEqual([
    { channel: 'orders', body: '{"id": 1}', sender: 'shop' },
  ])
  const forbidden = [
    'select * from chan.meta',
    'select * from chan.outbox',
    'delete from chan.outbox',
    'select chan.new_epoch()',
    `select chan.emit('x')`,
    'select * from chan.check_server()',
  ]
  for (const text of forbidden) {
    expect(sqlState(await rejection(session.query(text))), text).toBe('42501')
  }
})

/** Everything in the schema, by kind and definition. */
function objects(url: string): Promise<unknown> {
  return runSql(
    url,
    `select 'function' as kind, oid::regprocedure::text as name, pg_get_functiondef(oid) as definition,
        proacl::text as acl
      from pg_proc where pronamespace = 'chan'::regnamespace
    union all select relkind::text, relname, relpersistence::text || coalesce(reloptions::text, ''),
        relacl::text
      from pg_class where relnamespace = 'chan'::regnamespace
    union all select 'column', attrelid::regclass || '.' || attname,
        format_type(atttypid, atttypmod) || attnotnull, null
      from pg_attribute join pg_class c on c.oid = attrelid
      where c.relnamespace = 'chan'::regnamespace and attnum > 0
    order by 1, 2`,
  )
}
