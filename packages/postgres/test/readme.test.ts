// The README is run, not copied.

import { join } from 'node:path'
import { createTestDatabase, readSnippet, runSql, waitFor } from '@chan/testkit'
import type {} from '@chan/testkit/postgres-setup'
import { afterAll, afterEach, beforeAll, expect, inject, test, vi } from 'vitest'
import { PgChannelLayer } from '../src/index.js'

const log = vi.spyOn(console, 'log').mockImplementation(() => {})
afterEach(() => log.mockClear())

let database: Awaited<ReturnType<typeof createTestDatabase>>
beforeAll(async () => {
  database = await createTestDatabase(inject('postgresUrl'))
  vi.stubEnv('DATABASE_URL', database.url)
})
afterAll(async () => {
  vi.unstubAllEnvs()
  // The layer of an example outlives its database, and says so.
  vi.spyOn(console, 'error').mockImplementation(() => {})
  await database.drop()
})

test('the quickstart prints what it says', async () => {
  await import('snippet:../README.md#ts-1')
  await waitFor(() => log.mock.calls.length === 3)
  expect(log.mock.calls.sort()).toEqual(
    [['alice: Hello!'], [['Hello!']], [['alice is Alice']]].sort(),
  )
})

test('a transaction publishes when it commits', async () => {
  await import('snippet:../README.md#transaction')
  await waitFor(() => log.mock.calls.length > 0)
  expect(log.mock.calls).toEqual([['order', 42]])
})

test('a row inserted by any program is published', async () => {
  const readme = join(import.meta.dirname, '../README.md')
  await using layer = new PgChannelLayer({ databaseUrl: database.url })
  await runSql(database.url, readSnippet(readme, 'trigger'))
  const heard: unknown[] = []
  await layer.channel('news').subscribe(({ data, sender }) => heard.push([sender, data]))
  await runSql(database.url, `insert into news (title) values ('It works')`)
  await waitFor(() => heard.length > 0)
  expect(heard).toEqual([['newsroom', { id: 1, title: 'It works' }]])
})
