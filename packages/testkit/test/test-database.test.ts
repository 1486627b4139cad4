// Databases of the run's server, which vitest's global setup started.
import type {} from '@chan/testkit/postgres-setup'
import { expect, inject, onTestFinished, test } from 'vitest'
import { createTestDatabase, runSql, startPostgres } from '../src/index.js'
import { databaseOf, withDatabase } from '../src/postgres/test-database.js'

const admin = inject('postgresUrl')

test('a database of its own, dropped with its connections', async () => {
  const database = await createTestDatabase(admin)
  expect(await runSql(database.url, 'select current_database() as name')).toEqual([
    { name: database.name },
  ])
  const held = runSql(database.url, 'select pg_sleep(600)').catch((error) => error.code)
  await expect
    .poll(() => runSql(admin, 'select from pg_stat_activity where query ~ $1', ['pg_sleep.600']))
    .toHaveLength(1)
  await database.drop()
  expect(await held).toBe('57P01')
  await database.drop()
  expect(
    await runSql(admin, 'select from pg_database where datname = $1', [database.name]),
  ).toEqual([])
})

test('a copy of a template, many at once', async () => {
  const template = await createTestDatabase(admin)
  await runSql(template.url, 'create table answer as select 42 as value')
  const copies = await Promise.all(
    Array.from({ length: 4 }, () => createTestDatabase(admin, { template: template.name })),
  )
  for (const { url } of copies) {
    expect(await runSql(url, 'select value from answer')).toEqual([{ value: 42 }])
  }
  expect(new Set(copies.map(({ name }) => name)).size).toBe(4)
  await Promise.all([template, ...copies].map((database) => database.drop()))
})

test('a role that may do no more than create databases', { timeout: 60_000 }, async () => {
  // Not on a DATABASE_URL, whose role may be just this one.
  const server = await startPostgres()
  onTestFinished(() => server.close())
  await runSql(server.url, `create role creator login createdb`)
  const url = server.url.replace('//postgres@', '//creator@')
  const template = await createTestDatabase(url)
  const copy = await createTestDatabase(url, { template: template.name })
  expect(await runSql(copy.url, 'select current_user as name')).toEqual([{ name: 'creator' }])
  await copy.drop()
  await template.drop()
})

test('puts a database into any address', () => {
  expect(withDatabase('postgres://u:p@h:5/a', 'b')).toBe('postgres://u:p@h:5/b')
  expect(withDatabase('postgresql://u@h?sslmode=require', 'b c')).toBe(
    'postgresql://u@h/b%20c?sslmode=require',
  )
  expect(withDatabase('postgres://u@/a?host=/tmp', 'b')).toBe('postgres://u@/b?host=/tmp')
  expect(() => withDatabase('mysql://h/a', 'b')).toThrow('postgres://')
  expect(databaseOf('postgres://u@h/b%20c?x=/y')).toBe('b c')
})
