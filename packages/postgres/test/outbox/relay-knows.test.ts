// How low a relay has to look: exact, so on a server where nobody else has transactions.
import { type PostgresServer, startPostgres } from '@chan/testkit'
import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { scene } from '../housekeeping/scene.js'
import { remembering } from './remembering-relay.js'

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres({
    settings: { autovacuum: 'off', max_prepared_transactions: '2' },
  })
}, 60_000)

const db = scene('durable', () => server.url)
afterAll(() => server?.close())

const relay = () => remembering(db, db.query)
const publish = (client: pg.Client, channel: string, data: unknown) =>
  client.query('select chan.publish($1, $2)', [channel, JSON.stringify(data)])
const lastId = async () =>
  Number((await db.one<{ id: string }>('select last_value as id from chan.outbox_id_seq')).id)

beforeEach(async () => {
  await db.query('truncate chan.outbox, chan.log, chan.channel')
})

test('spares it the dead rows under an old snapshot, and hides nothing from it', async () => {
  const [old, late, client] = [await db.client(), await db.client(), await db.client()]
  const { run, from } = relay()
  await old.query('begin isolation level repeatable read')
  await old.query('select count(*) from chan.outbox')
  // One that draws its id at the start and commits at the end.
  await late.query('begin')
  await publish(late, 'c', 'late')
  const firstLate = await lastId()
  for (let round = 1; round <= 30; round++) {
    await publish(client, 'c', round)
    expect(await run()).toMatchObject({ taken: 1 })
    // Nothing below the row just taken is walked again.
    expect(await from()).toBe(await lastId())
  }
  await publish(late, 'c', 'later')
  await late.query('commit')
  expect(await from()).toBeLessThan(firstLate)
  expect(await run()).toMatchObject({ taken: 2 })
  expect(await from()).toBe(await lastId())
  expect((await db.stored('c')).slice(-2)).toEqual(['"late"', '"later"'])
  expect((await old.query('select count(*)::int as n from chan.outbox')).rows).toEqual([{ n: 0 }])
})

test('serves one that never wins the race as well', async () => {
  const [old, client] = [await db.client(), await db.client()]
  const [winner, loser] = [relay(), relay()]
  await old.query('begin isolation level repeatable read')
  await old.query('select count(*) from chan.outbox')
  for (let round = 1; round <= 10; round++) {
    await publish(client, 'c', round)
    await winner.run()
    expect(await loser.run()).toMatchObject({ taken: 0 })
    expect(await loser.from()).toBe(await lastId())
  }
})

test('one prepared for a two-phase commit is found when it commits', async () => {
  const client = await db.client()
  const { run } = relay()
  await client.query('begin')
  await publish(client, 'c', 1)
  await client.query(`prepare transaction 'later'`)
  await publish(client, 'c', 2)
  expect(await run()).toMatchObject({ taken: 1 })
  await client.query(`commit prepared 'later'`)
  expect(await run()).toMatchObject({ taken: 1 })
})

test('while one relays, another does not wait and forgets nothing', async () => {
  const slow = await db.client()
  const { run, from } = relay()
  await run()
  await publish(slow, 'c', 1)
  await slow.query('begin')
  await slow.query(`select chan.relay(500, 1000, 100, null, '{}', false)`)
  expect(await run({ waiting: '{3}' })).toMatchObject({ taken: null, waiting: '{3}' })
  expect(await from()).toBe((await lastId()) - 1)
  await slow.query('rollback')
  expect(await run()).toMatchObject({ taken: 1 })
})

test('a row draws its transaction id before its own, on which all of this rests', async () => {
  const plan = await db.query<{ 'QUERY PLAN': string }>(
    `explain (verbose, costs off) insert into chan.outbox (channel, body) values ('c', '1')`,
  )
  const output = plan.map((line) => line['QUERY PLAN']).find((line) => /Output:/.test(line))
  expect(output).toMatch(/Output: pg_current_xact_id\(\), nextval\(/)
  const { cache } = await db.one<{ cache: string }>(
    `select seqcache as cache from pg_sequence where seqrelid = 'chan.outbox_id_seq'::regclass`,
  )
  expect(cache).toBe('1')
})
