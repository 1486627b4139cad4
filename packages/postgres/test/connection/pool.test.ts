import { type Clock, systemClock } from '@chan/core'
import { ManualClock } from '@chan/core/testing'
import { runSql, waitFor } from '@chan/testkit'
import { afterEach, expect, it } from 'vitest'
import { sqlState } from '../../src/connection/errors.js'
import { ReadPool, type ReadPoolOptions } from '../../src/connection/pool.js'
import { databaseScene, rejection } from './database.js'

const scene = databaseScene()
const pools: ReadPool[] = []
afterEach(() => Promise.all(pools.splice(0).map((pool) => pool.close())))

function create(clock: Clock = systemClock, options: Partial<ReadPoolOptions> = {}) {
  let opened = 0
  const pool = new ReadPool({
    clock,
    open: (signal, deadlineMs) => {
      opened++
      return scene.open({ signal, deadlineMs, applicationName: 'chan reads' })
    },
    ...options,
  })
  pools.push(pool)
  return { pool, opened: () => opened }
}

/** Ends the server's side of every session of the pool. */
async function terminateAll(): Promise<void> {
  await runSql(
    scene.url,
    `select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name = 'chan reads'`,
  )
}

it('opens sessions when they are needed, three at most, and uses them again', async () => {
  const { pool, opened } = create()
  expect(opened()).toBe(0)
  expect(await pool.query('select $1::int as n', [1])).toEqual([{ n: 1 }])
  await pool.query('select 1')
  expect(opened()).toBe(1)
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, n) => pool.query('select $1::int as n, pg_sleep(0.02)', [n])),
  )
  expect(answers.map(([row]) => row?.n)).toEqual(Array.from({ length: 12 }, (_, n) => n))
  expect(opened()).toBe(3)
  expect(pool.size).toBe(3)
})

it('closes a session that was idle for 30 seconds', async () => {
  const clock = new ManualClock()
  const { pool } = create(clock)
  await Promise.all([pool.query('select pg_sleep(0.05)'), pool.query('select pg_sleep(0.05)')])
  expect(pool.size).toBe(2)
  clock.advance(29_000)
  await pool.query('select 1')
  clock.advance(1_000)
  expect(pool.size).toBe(1)
  await waitFor(async () => (await scene.count('chan reads')) === 1)
  clock.advance(29_000)
  expect(pool.size).toBe(0)
})

it('asks once more when the session is lost', async () => {
  const { pool, opened } = create()
  const read = pool.query('select pg_sleep(0.5), 1 as n')
  await waitFor(async () => (await scene.count('chan reads')) === 1)
  await terminateAll()
  expect(await read).toMatchObject([{ n: 1 }])
  expect(opened()).toBe(2)
})

it('forgets sessions that were lost while idle', async () => {
  const { pool } = create()
  await pool.query('select 1')
  await terminateAll()
  await waitFor(() => pool.size === 0)
  expect(await pool.query('select 1 as n')).toEqual([{ n: 1 }])
})

it('passes on what the server refuses, and asks that once', async () => {
  const { pool } = create()
  await pool.query('create sequence asked')
  const refused = pool.query(`select nextval('asked') / 0`)
  expect(sqlState(await rejection(refused))).toBe('22012')
  expect(await pool.query(`select nextval('asked')::int as n`)).toEqual([{ n: 2 }])
  expect(pool.size).toBe(1)
})

it('gives up after the deadline, and does not ask a slow server twice', async () => {
  const { pool, opened } = create(systemClock, { deadlineMs: 300 })
  expect(await rejection(pool.query('select pg_sleep(60)'))).toMatchObject({
    code: 'unavailable',
    message: expect.stringMatching(/^Reading failed: .*no answer within \d+ ms/),
  })
  expect(opened()).toBe(1)
})

it('gives up waiting for a session after the deadline', async () => {
  const clock = new ManualClock()
  const { pool } = create(clock, { size: 1 })
  const slow = pool.query('select pg_sleep(0.3), 1 as n')
  const waiting = rejection(pool.query('select 1'))
  clock.advance(5_000)
  expect(await waiting).toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('busy'),
  })
  expect(await slow).toMatchObject([{ n: 1 }])
  expect(await pool.query('select 2 as n')).toEqual([{ n: 2 }])
})

it('has its place back when connecting fails', async () => {
  let failing = true
  const { pool } = create(systemClock, {
    size: 1,
    open: (signal, deadlineMs) =>
      failing ? Promise.reject(new Error('refused')) : scene.open({ signal, deadlineMs }),
  })
  for (let i = 0; i < 3; i++) {
    expect(await rejection(pool.query('select 1'))).toMatchObject({ code: 'unavailable' })
  }
  failing = false
  expect(await pool.query('select 1 as n')).toEqual([{ n: 1 }])
})

it('closed, rejects what is open, what waits and what comes', async () => {
  const { pool } = create(systemClock, { size: 1 })
  const open = rejection(pool.query('select pg_sleep(60)', []))
  const waiting = rejection(pool.query('select 1'))
  await waitFor(() => pool.size === 1)
  await pool.close()
  for (const rejected of [open, waiting, rejection(pool.query('select 1'))]) {
    expect(await rejected).toMatchObject({ code: 'layer-closed' })
  }
})
