// An idle layer reads a little and writes nothing: no transaction id, no WAL. On a server of its own,
// for both are counted for the whole server.
import { systemClock } from '@chan/core/backend'
import { type PostgresServer, startPostgres, waitFor } from '@chan/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Keeper } from '../../src/housekeeping/keeper.js'
import type { RunQuery } from '../../src/log/reader.js'
import { Relay } from '../../src/outbox/relay.js'
import { rotateAll } from './rotating.js'
import { scene } from './scene.js'

let server: PostgresServer
beforeAll(async () => {
  // Without standbys in mind the server logs nothing of its own accord.
  const settings = { autovacuum: 'off', wal_level: 'minimal', max_wal_senders: '0' }
  server = await startPostgres({ settings })
}, 60_000)

const db = scene('durable', () => server.url)
afterAll(() => server?.close())

test('after something was published, and all of it has become old', async () => {
  await db.append([
    { channel: 'a', body: '1', id: 'i' },
    { channel: 'b', body: '2', maxHistory: 5 },
  ])
  await db.query(`select chan.publish('c', '3')`)
  const asked = new Map<string, number>()
  const query: RunQuery = (text, values) => {
    const name = /"chan"\.(\w+)/.exec(text)?.[1] as string
    asked.set(name, (asked.get(name) ?? 0) + 1)
    return db.query(text, values) as never
  }
  const reported: unknown[] = []
  const host = {
    ...{ clock: systemClock, schema: '"chan"', query, processes: () => 1 },
    report: (error: unknown) => reported.push(error),
  }
  const relay = new Relay({ ...host, pollMs: 10, defaultHistory: 100 })
  const keeper = new Keeper({
    ...host,
    ...{ recoveryMs: 1_000, recoveryBytes: 1e8, idempotencyMs: 0, idleChannelTtlMs: 1e9 },
  })
  relay.start()
  await waitFor(() => relay.relayed === 1)
  await rotateAll(db)
  keeper.start()
  const seen = (name: string) => asked.get(name) ?? 0
  const chores = ['trim_kept', 'forget_ids', 'forget_channels', 'forget_publishers']
  chores.push('forget_orphans', 'forget_presence')
  await waitFor(() => chores.every((name) => seen(name) > 0) && seen('rotate') > 2)

  const written = () =>
    db.one(
      'select pg_current_wal_insert_lsn() as wal, pg_snapshot_xmax(pg_current_snapshot()) as x',
    )
  const before = await written()
  asked.clear()
  await waitFor(() => seen('relay') > 50 && seen('rotate') > 3 && seen('forget_ids') > 0, {
    deadlineMs: 20_000,
  })
  expect(await written()).toEqual(before)
  await Promise.all([relay.close(), keeper.close()])
  expect(reported).toEqual([])
}, 60_000)
