// Publishing in a transaction of the caller's: whatever client it is, the row is in, in the order of
// the calls, and is stored soon after the commit.
import type { Transaction } from '@chan/core/backend'
import { waitFor } from '@chan/testkit'
import pg from 'pg'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { scene } from '../housekeeping/scene.js'
import { entry, limits, outboxScene } from './outbox-scene.js'

const db = scene()
const { outbox, reported } = outboxScene(db)
let pool: pg.Pool | undefined
afterAll(() => pool?.end())

beforeEach(async () => {
  await db.query('truncate chan.outbox, chan.log, chan.channel')
})

/** Clients answer in all kinds of shapes. */
const shapes: [string, (client: pg.Client) => Transaction][] = [
  ['a client of pg', (client) => client],
  ['rows alone', (client) => ({ query: async (...args) => (await client.query(...args)).rows })],
  [
    'rows as arrays',
    (client) => ({
      query: (text, values = []) => client.query({ text, values, rowMode: 'array' }),
    }),
  ],
  ['nothing', (client) => ({ query: async (...args) => void (await client.query(...args)) })],
  [
    'something else',
    (client) => ({ query: async (...args) => ({ rows: [await client.query(...args)] }) }),
  ],
]

test.each(shapes)('works with one that answers like %s', async (_, wrap) => {
  const client = await db.client()
  const own = outbox()
  const tx = wrap(client)
  await client.query('begin')
  await own.enqueue(tx, 'c', entry({ n: 1 }, { sender: 'me', id: 'i' }), limits)
  await own.enqueue(tx, 'c', entry('two'), { ...limits, historyTtlMs: 1_500.5, explicit: true })
  await client.query('commit')
  // Nobody looks for rows here but those who wait for this transaction.
  await waitFor(async () => (await db.stored('c')).length === 2)
  expect(
    await db.query(`select "offset"::int, sender, l.id, body, ts from chan.log l
      where channel_id > 0 order by "offset"`),
  ).toEqual([
    { offset: 1, sender: 'me', id: 'i', body: '{"n":1}', ts: 5 },
    { offset: 2, sender: null, id: null, body: '"two"', ts: 5 },
  ])
  expect(await db.query('select max_history, ttl_ms, explicit from chan.channel')).toEqual([
    { max_history: 100, ttl_ms: '1501', explicit: true },
  ])
  expect(reported).toEqual([])
})

test('a pool as tx is a transaction for each message', async () => {
  pool = new pg.Pool({ connectionString: db.url, max: 1 })
  const own = outbox()
  for (let n = 0; n < 5; n++) await own.enqueue(pool, 'c', entry(n), limits)
  await waitFor(async () => (await db.stored('c')).length === 5)
  expect(await db.stored('c')).toEqual(['0', '1', '2', '3', '4'])
})

test('hands the statement over inside the call', async () => {
  const own = outbox()
  const handed: unknown[] = []
  const slow = {
    query: (_: string, values: unknown[] = []) => {
      handed.push(values[1])
      return new Promise((resolve) => setTimeout(resolve, 20 - handed.length))
    },
  }
  const enqueued = Array.from({ length: 5 }, (_, n) => own.enqueue(slow, 'c', entry(n), limits))
  expect(handed).toEqual(['0', '1', '2', '3', '4'])
  await Promise.all(enqueued)
})

test('a transaction that stays open is stored when it commits, and holds nobody up', async () => {
  const client = await db.client()
  const own = outbox()
  await client.query('begin')
  await own.enqueue(client, 'c', entry('late'), limits)
  for (let n = 0; n < 3; n++) {
    await own.transaction((tx) => own.enqueue(tx, 'c', entry(n), limits))
  }
  await waitFor(async () => (await db.stored('c')).length === 3)
  await client.query('commit')
  await waitFor(async () => (await db.stored('c')).length === 4)
})

test('passes on what the client rejects with, or throws', async () => {
  const own = outbox()
  const reason = new Error('mine')
  const rejects = { query: () => Promise.reject(reason) }
  const throws = {
    query: () => {
      throw reason
    },
  }
  for (const tx of [rejects, throws]) {
    await expect(own.enqueue(tx, 'c', entry(1), limits)).rejects.toBe(reason)
  }
  const client = await db.client()
  await client.query('begin')
  await expect(client.query('select 1 / 0')).rejects.toThrow()
  await expect(own.enqueue(client, 'c', entry(1), limits)).rejects.toMatchObject({ code: '25P02' })
})

test('refuses after close', async () => {
  const own = outbox()
  await own.close()
  const client = await db.client()
  const late = own.enqueue(client, 'c', entry(1), limits)
  await expect(late).rejects.toMatchObject({ code: 'layer-closed' })
})
