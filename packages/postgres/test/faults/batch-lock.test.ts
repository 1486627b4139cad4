// Somebody holds the lock that every batch takes: a session that hangs in the middle of its own, or
// an administrator's. Publishes wait, are told the truth when they have waited long enough, and go on.
import { type PostgresServer, runSql, startPostgres, waitFor } from '@chan/testkit'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { isChanError, type Message, PgChannelLayer } from '../../src/index.js'
import { PATIENCE_MS } from './scene/form.js'

vi.setConfig({ testTimeout: 120_000 })

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres({ sync: true })
}, 60_000)
afterAll(() => server.close())

async function open(publishDeadlineMs: number) {
  const databaseUrl = await server.createDatabase()
  // Presence waits for the lock as well, and says so.
  const layer = new PgChannelLayer({ databaseUrl, publishDeadlineMs, onError: () => {} })
  onTestFinished(() => layer.disconnect())
  const heard: unknown[] = []
  await layer.channel('c').subscribe(({ data }) => heard.push(data))
  const publish = (data: unknown) => layer.channel('c').publish(data)
  await publish('first')
  return { databaseUrl, layer, heard, publish }
}

/** Asks for the batch lock, and says when it has it. */
async function lock(databaseUrl: string) {
  const client = new Client(databaseUrl)
  await client.connect()
  onTestFinished(() => client.end())
  const held = client.query('select pg_advisory_lock(lock_class, 0) from chan.meta')
  return { held, release: () => client.query('select pg_advisory_unlock_all()') }
}

/** How many sessions wait for a lock like this one. */
function waitForWaiting(databaseUrl: string, count: number): Promise<unknown> {
  return waitFor(
    async () => {
      const text = `select from pg_locks l join pg_database d on d.oid = l.database
        where locktype = 'advisory' and not granted and datname = current_database()`
      return (await runSql(databaseUrl, text)).length === count
    },
    { deadlineMs: PATIENCE_MS, label: `${count} sessions to wait for the lock` },
  )
}

const codeOf = (published: Promise<Message>) =>
  published.then(
    () => 'stored',
    (error: unknown) => (isChanError(error) ? error.code : String(error)),
  )

test('longer than a publish may take: told the truth, and later ones go on', async () => {
  const { databaseUrl, heard, publish } = await open(1_000)
  const holder = await lock(databaseUrl)
  await holder.held
  const codes: Promise<string>[] = []
  for (let n = 0; n < 20; n++) {
    codes.push(codeOf(publish(n)))
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  const outcomes = await Promise.all(codes)
  for (const code of outcomes) expect(['unavailable', 'outcome-unknown']).toContain(code)
  await holder.release()
  await waitFor(async () => (await codeOf(publish('again'))) === 'stored', {
    deadlineMs: PATIENCE_MS,
  })
  await waitFor(() => heard.includes('again'), { deadlineMs: PATIENCE_MS })
  for (const [n, code] of outcomes.entries())
    if (code === 'unavailable') expect(heard).not.toContain(n)
})

// The publisher is not known any more (it was away for longer than its marks are kept), and cannot
// be made known in time.
test('while a publisher takes a new identity: it does so as soon as it can', async () => {
  const { databaseUrl, layer, heard, publish } = await open(1_500)
  const first = await lock(databaseUrl)
  await first.held
  await runSql(databaseUrl, 'delete from chan.publisher')
  const early = codeOf(publish('early'))
  await waitForWaiting(databaseUrl, 1)
  // Whoever asks first is served first: the batch, which is refused, and then not its identity.
  const second = await lock(databaseUrl)
  await waitForWaiting(databaseUrl, 2)
  await first.release()
  await second.held
  await waitFor(async () => (await early) !== 'stored')
  // By now the attempt to take an identity was given up by the server.
  await new Promise((resolve) => setTimeout(resolve, 4_000))
  await second.release()
  await waitFor(async () => (await codeOf(publish('late'))) === 'stored', {
    deadlineMs: PATIENCE_MS,
    label: 'a publish to be stored',
  })
  await waitFor(() => heard.includes('late'), { deadlineMs: PATIENCE_MS })
  expect(layer.stats().state).toBe('connected')
})
