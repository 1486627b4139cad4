// Set-ups that cannot work: `connect()` says what is wrong and what to do, and never the password.
// What each part of connecting says is tested in test/connection.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import {
  type PostgresServer,
  postgresSkipReason,
  runSql,
  startPostgres,
  startTransactionPooler,
  waitFor,
} from '@chan/testkit'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { migrationSql, PgChannelLayer, type PgLayerOptions } from '../../src/index.js'
import { PATIENCE_MS } from './scene/form.js'

vi.setConfig({ testTimeout: 60_000 })

const PASSWORD = 'hunter2secret'

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres({ sync: true })
  const rules = join(server.dataDir, 'pg_hba.conf')
  const others = await readFile(rules, 'utf8')
  await writeFile(rules, `host all guarded 127.0.0.1/32 scram-sha-256\n${others}`)
  await runSql(server.url, 'select pg_reload_conf()')
  await runSql(server.url, `create role guarded login password '${PASSWORD}'`)
  await runSql(server.url, 'create role poor login')
}, 60_000)
afterAll(() => server.close())

/** What connecting fails with. The layer may be used once what is wrong is put right. */
async function refusal(layer: PgChannelLayer): Promise<Error> {
  const error = await layer.connect().then(
    () => expect.unreachable('connected'),
    (reason: Error) => reason,
  )
  expect(inspect(error, { depth: null, showHidden: true })).not.toContain(PASSWORD)
  expect(layer.stats().state).toBe('idle')
  return error
}

async function expectToWork(layer: PgChannelLayer): Promise<void> {
  let heard: unknown
  const subscription = await layer.channel('hello').subscribe(({ data }) => {
    heard = data
  })
  await layer.channel('hello').publish('you')
  await waitFor(() => heard === 'you', { deadlineMs: PATIENCE_MS })
  await subscription.unsubscribe()
}

async function asUser(user: string, password = ''): Promise<URL> {
  const url = new URL(await server.createDatabase())
  url.username = user
  url.password = password
  return url
}

test('a transaction pooler swallows LISTEN: named, with the two ways out', async () => {
  const directUrl = await server.createDatabase()
  await using pooler = await startTransactionPooler(directUrl)
  const pooled: PgLayerOptions = { databaseUrl: pooler.url }
  await using swallowed = new PgChannelLayer(pooled)
  expect(await refusal(swallowed)).toMatchObject({
    code: 'listen-not-delivered',
    message: expect.stringContaining('did not arrive'),
    hint: expect.stringMatching(/listenUrl.*transaction pooler.*listen: false/s),
  })

  await using direct = new PgChannelLayer({ ...pooled, listenUrl: directUrl })
  await expectToWork(direct)

  await using mute = new PgChannelLayer({ ...pooled, listen: false })
  expect(await mute.channel('hello').publish('again')).toMatchObject({ offset: 2 })
  expect(await mute.channel('hello').history()).toHaveLength(2)
  await expect(mute.channel('hello').subscribe(() => {})).rejects.toMatchObject({
    code: 'listen-disabled',
    hint: expect.stringContaining('listen: false'),
  })
})

test('a wrong password', async () => {
  const url = await asUser('guarded', `${PASSWORD}x`)
  await using layer = new PgChannelLayer({ databaseUrl: url.href })
  expect(await refusal(layer)).toMatchObject({
    code: 'invalid-option',
    retryable: false,
    message: expect.stringContaining('password authentication failed for user "guarded"'),
    hint: expect.stringContaining('password'),
  })
})

test('a role that may not install; once an administrator did, it works with few rights', async () => {
  const url = await asUser('poor')
  await using layer = new PgChannelLayer({ databaseUrl: url.href })
  expect(await refusal(layer)).toMatchObject({
    code: 'invalid-option',
    retryable: false,
    message: expect.stringContaining("may not use or install the schema 'chan'"),
    hint: expect.stringMatching(/chan-postgres sql.*--role.*CREATE/s),
  })
  const admin = new URL(url)
  admin.username = 'postgres'
  await runSql(admin.href, migrationSql())
  expect(await refusal(layer)).toMatchObject({
    code: 'invalid-option',
    hint: expect.stringContaining('--role'),
  })
  await runSql(admin.href, migrationSql({ role: 'poor' }))
  await using restricted = new PgChannelLayer({ databaseUrl: url.href, migrate: false })
  await expectToWork(restricted)
  await expectToWork(layer)
})

test('a database that does not exist; once it does, the same layer connects', async () => {
  const databaseUrl = new URL(server.url)
  databaseUrl.pathname = '/nowhere'
  await using layer = new PgChannelLayer({ databaseUrl: databaseUrl.href })
  expect(await refusal(layer)).toMatchObject({
    code: 'invalid-option',
    retryable: false,
    message: expect.stringContaining('database "nowhere" does not exist'),
    hint: expect.stringContaining('Create the database'),
  })
  await runSql(server.url, 'create database nowhere')
  await expectToWork(layer)
})

test('nobody listens there', async () => {
  await using layer = new PgChannelLayer({
    databaseUrl: 'postgres://postgres@127.0.0.1:1/postgres',
  })
  expect(await refusal(layer)).toMatchObject({
    code: 'unavailable',
    retryable: true,
    message: expect.stringContaining('refused'),
    hint: expect.stringContaining('Start the server'),
  })
})

const noOldServer = postgresSkipReason(13)
test.skipIf(noOldServer)(`PostgreSQL 13 ${noOldServer ?? ''}`, async () => {
  await using old = await startPostgres({ version: 13 })
  await using layer = new PgChannelLayer({ databaseUrl: old.url })
  expect(await refusal(layer)).toMatchObject({
    code: 'invalid-option',
    retryable: false,
    message: expect.stringMatching(/PostgreSQL 13.*needs 14 or newer/),
    hint: expect.stringContaining('Upgrade'),
  })
})
