// Twenty processes start at once on an empty database.
import { type PostgresServer, runSql, startPostgres, waitFor } from '@chan/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PgChannelLayer } from '../../src/index.js'
import { form, PATIENCE_MS } from './scene/form.js'
import { endMembers, startMembers } from './scene/scene.js'

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres({ sync: true })
}, 60_000)
afterAll(() => server.close())

/** Everything was installed by the same transaction, and nobody met an obstacle. */
async function expectOneMigration(databaseUrl: string): Promise<void> {
  const installed = await runSql(
    databaseUrl,
    `select count(distinct p.xmin::text)::int as transactions,
        (select count(*)::int from chan.meta) as facts
      from pg_proc p where pronamespace = 'chan'::regnamespace`,
  )
  expect(installed).toEqual([{ transactions: 1, facts: 1 }])
  // Who asks which version is installed may hear that none is.
  const errors = server.log.split('\n').filter((line) => /ERROR|FATAL|PANIC/.test(line))
  expect(errors.filter((line) => !line.includes('"chan.meta" does not exist'))).toEqual([])
}

/** Twenty at once, and each of them heard by all. */
async function expectAllToTalk(layers: readonly PgChannelLayer[]): Promise<void> {
  const heard = layers.map(() => new Set<unknown>())
  await Promise.all(
    layers.map((layer, index) =>
      layer.channel('hello').subscribe(({ data }) => heard[index]?.add(data)),
    ),
  )
  await Promise.all(layers.map((layer, index) => layer.channel('hello').publish(index)))
  await waitFor(() => heard.every(({ size }) => size === layers.length), {
    deadlineMs: PATIENCE_MS,
    label: 'everybody to hear everybody',
  })
}

test('twenty layers of one process: one migration, all connect, all talk', async () => {
  const databaseUrl = await server.createDatabase()
  const layers = Array.from({ length: 20 }, () => new PgChannelLayer({ databaseUrl }))
  try {
    await Promise.all(layers.map((layer) => layer.connect()))
    await expectOneMigration(databaseUrl)
    await expectAllToTalk(layers)
  } finally {
    await Promise.all(layers.map((layer) => layer.disconnect()))
  }
}, 120_000)

test('twenty processes: one migration, all connect', async () => {
  const databaseUrl = await server.createDatabase()
  const names = Array.from({ length: form(6, 20) }, (_, index) => `m${index}`)
  const members = await startMembers(names.map((name) => ({ name, layer: { databaseUrl } })))
  try {
    await expectOneMigration(databaseUrl)
    await Promise.all(members.map((member) => member.call('listen', ['hello'])))
    for (const { output } of members) expect(output).toBe('')
  } finally {
    await endMembers(members)
  }
}, 180_000)
