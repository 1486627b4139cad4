// The transactions that a layer runs: what the caller is told is what happened.
import { ManualClock } from '@chan/core/testing'
import { runSql, waitFor } from '@chan/testkit'
import { beforeEach, describe, expect, test } from 'vitest'
import type { PgTransaction } from '../../src/outbox/transaction.js'
import { scene } from '../housekeeping/scene.js'
import { entry, limits, outboxScene } from './outbox-scene.js'

const db = scene()
const { outbox, reported } = outboxScene(db)

const notes = () => db.query('select n from note order by n')
const write = (tx: PgTransaction, n: number) => tx.query('insert into note values ($1)', [n])

beforeEach(async () => {
  await db.query('truncate chan.outbox, chan.log, chan.channel')
  await db.query('drop table if exists note cascade')
  await db.query('create table note (n int unique deferrable)')
})

test('commits what was written and stores what was published, at once', async () => {
  const { transaction, ...own } = bound(outbox())
  const result = await transaction(async (tx) => {
    await write(tx, 1)
    await own.enqueue(tx, 'c', entry('one'), limits)
    expect((await tx.query<{ n: number }>('select n from note')).rows).toEqual([{ n: 1 }])
    await own.enqueue(tx, 'c', entry('two'), limits)
    expect(await notes()).toEqual([])
    return 'done'
  })
  expect(result).toBe('done')
  expect(await notes()).toEqual([{ n: 1 }])
  await waitFor(async () => (await db.stored('c')).length === 2)
  expect(await db.stored('c')).toEqual(['"one"', '"two"'])
  expect(reported).toEqual([])
})

test('rolls back with the very reason, and leaves nothing', async () => {
  const { transaction, enqueue } = bound(outbox())
  const reason = { not: 'even an error' }
  const failing = transaction(async (tx) => {
    await write(tx, 1)
    await enqueue(tx, 'c', entry('one'), limits)
    throw reason
  })
  await expect(failing).rejects.toBe(reason)
  expect(await notes()).toEqual([])
  expect(await db.query('select from chan.outbox')).toEqual([])
})

test('takes the statements along that nobody awaited', async () => {
  const { transaction } = bound(outbox())
  await transaction(async (tx) => {
    void tx.query('select pg_sleep(0.05)')
    void write(tx, 1)
  })
  expect(await notes()).toEqual([{ n: 1 }])
})

test('is over when its function is: tx is refused, and harms no later transaction', async () => {
  const { transaction } = bound(outbox())
  let kept: PgTransaction | undefined
  await transaction(async (tx) => {
    kept = tx
  })
  await transaction(async (tx) => {
    expect(tx).not.toBe(kept)
    await expect(kept?.query('select 1')).rejects.toMatchObject({ code: 'invalid-option' })
    await write(tx, 1)
  })
  expect(await notes()).toEqual([{ n: 1 }])
})

test('a failed statement that was caught does not pass for a commit', async () => {
  const { transaction } = bound(outbox())
  const committed = transaction(async (tx) => {
    await write(tx, 1)
    await tx.query('select 1 / 0').catch(() => {})
  })
  await expect(committed).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('rolled back'),
  })
  expect(await notes()).toEqual([])
  // With a savepoint it is one.
  await transaction(async (tx) => {
    await tx.query('savepoint s')
    await tx.query('select 1 / 0').catch(() => tx.query('rollback to s'))
    await write(tx, 2)
  })
  expect(await notes()).toEqual([{ n: 2 }])
})

test('a statement that the server refuses rejects with its own error', async () => {
  const { transaction } = bound(outbox())
  const refused = transaction((tx) => tx.query('select * from nowhere'))
  await expect(refused).rejects.toMatchObject({ code: '42P01' })
})

test('a commit that the server refuses is none, and says why', async () => {
  const { transaction } = bound(outbox())
  const refused = transaction(async (tx) => {
    await tx.query('set constraints all deferred')
    await write(tx, 1)
    await write(tx, 1)
  })
  await expect(refused).rejects.toMatchObject({ code: 'unavailable', cause: { code: '23505' } })
  expect(await notes()).toEqual([])
})

test('a connection lost during the commit leaves the outcome unknown', async () => {
  const { transaction } = bound(outbox())
  await db.query(`
    create or replace function die() returns trigger language plpgsql as $$
    begin perform pg_terminate_backend(pg_backend_pid()); return new; end $$;
    create constraint trigger die after insert on note initially deferred
      for each row execute function die();
  `)
  await expect(transaction((tx) => write(tx, 1))).rejects.toMatchObject({
    code: 'outcome-unknown',
  })
  expect(await transaction(async () => 'goes on')).toBe('goes on')
})

test('a connection lost before the commit means that there was none', async () => {
  const { transaction } = bound(outbox())
  const lost = transaction(async (tx) => {
    await write(tx, 1)
    const dying = tx.query('select pg_terminate_backend(pg_backend_pid())')
    await expect(dying).rejects.toMatchObject({ code: 'unavailable' })
  })
  await expect(lost).rejects.toMatchObject({ code: 'unavailable' })
  expect(await notes()).toEqual([])
})

test('an idle connection that died is replaced without anybody noticing', async () => {
  const { transaction } = bound(outbox())
  const pid = async (tx: PgTransaction) =>
    (await tx.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid
  const first = await transaction(pid)
  expect(await transaction(pid)).toBe(first)
  await runSql(db.url, 'select pg_terminate_backend($1)', [first])
  expect(await transaction(pid)).not.toBe(first)
})

test('a transaction inside another is one of its own', async () => {
  const { transaction } = bound(outbox())
  const outer = transaction(async (tx) => {
    await write(tx, 1)
    await transaction((inner) => write(inner, 2))
    throw new Error('outer')
  })
  await expect(outer).rejects.toThrow('outer')
  expect(await notes()).toEqual([{ n: 2 }])
})

test('there are only so many at a time; more wait, and not for ever', async () => {
  const clock = new ManualClock()
  const { transaction } = bound(outbox({ clock, maxTransactions: 2 }))
  const open: (() => void)[] = []
  const hold = () => transaction(() => new Promise<void>((resolve) => open.push(resolve)))
  const held = [hold(), hold()]
  await waitFor(() => open.length === 2)
  const late = hold()
  const tooLate = transaction(async () => {})
  open[0]?.()
  await Promise.race(held)
  await waitFor(() => open.length === 3)
  clock.advance(5_000)
  await expect(tooLate).rejects.toMatchObject({ code: 'unavailable', details: { limit: 2 } })
  for (const end of open) end()
  await Promise.all([...held, late])
})

test('closing rolls back what is open, and nothing begins any more', async () => {
  const own = outbox()
  let kept: PgTransaction | undefined
  let release = () => {}
  const open = own.transaction(async (tx) => {
    kept = tx
    await write(tx, 1)
    await new Promise<void>((resolve) => {
      release = resolve
    })
  })
  await waitFor(() => sleeping())
  await own.close()
  await waitFor(async () => !(await sleeping()))
  await expect(kept?.query('select 1')).rejects.toMatchObject({ code: 'layer-closed' })
  await expect(own.transaction(async () => {})).rejects.toMatchObject({ code: 'layer-closed' })
  release()
  await expect(open).rejects.toMatchObject({ code: 'layer-closed' })
  expect(await notes()).toEqual([])
})

/** Whether a transaction is open that has written a note. */
async function sleeping(): Promise<boolean> {
  const [row] = await db.query(`select from pg_stat_activity where state = 'idle in transaction'
    and query like 'insert into note%' and datname = current_database()`)
  return row !== undefined
}

describe('a weaker default of the server', () => {
  const setting = async (durable: boolean) =>
    outbox({ durable }).transaction(async (tx) => {
      const { rows } = await tx.query<{ synchronous_commit: string }>('show synchronous_commit')
      return rows[0]?.synchronous_commit
    })
  test('does not weaken what is promised', async () => {
    const database = new URL(db.url).pathname.slice(1)
    await db.query(`alter database ${database} set synchronous_commit = local`)
    expect(await setting(true)).toBe('on')
    expect(await setting(false)).toBe('local')
    await db.query(`alter database ${database} set synchronous_commit = remote_apply`)
    expect(await setting(true)).toBe('remote_apply')
  })
})

/** Its methods, to be called by themselves. */
function bound(own: ReturnType<typeof outbox>) {
  return { transaction: own.transaction.bind(own), enqueue: own.enqueue.bind(own) }
}
