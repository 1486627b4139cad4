// What nobody needs any more is forgotten, and nothing that somebody needs.
import { beforeEach, describe, expect, test } from 'vitest'
import { rotateAll } from './rotating.js'
import { type Published, scene } from './scene.js'

const db = scene()

const count = async (from: string) =>
  (await db.one<{ n: number }>(`select count(*)::int as n from chan.${from}`)).n
const numbers = (channel: string, amount: number, more = {}): Published[] =>
  Array.from({ length: amount }, (_, n) => ({ channel, body: `${n}`, ...more }))

beforeEach(async () => {
  await rotateAll(db)
  await db.query('truncate chan.channel, chan.kept, chan.idempotency, chan.interest, chan.member')
  await db.query('truncate chan.group_member, chan.group_hold, chan.node, chan.hold')
})

/** Holds housekeeping's lock until the test ends. */
async function keepBusy() {
  const other = await db.client()
  await other.query('begin')
  await other.query('select pg_advisory_xact_lock(lock_class, 2) from chan.meta')
}

describe('kept', () => {
  interface Step {
    readonly next: string | null
    readonly trimmed: number
  }
  const trim = (from: string | number = 1) =>
    db.one<Step>('select * from chan.trim_kept($1)', [from])

  test('loses what history shows no more', async () => {
    await db.append([...numbers('a', 50), ...numbers('b', 50, { maxHistory: 20 })])
    await db.append(numbers('ttl', 5, { maxHistory: 100, ttlMs: 60_000 }))
    await db.append(numbers('gone', 5))
    await rotateAll(db)
    expect(await trim()).toEqual({ next: null, trimmed: 0 })
    await db.query(`select chan.clear_history('a')`)
    await db.query(`update chan.channel set max_history = 7 where name = 'b'`)
    await db.query(`update chan.kept set ts = ts - 600 where body in ('0', '1', '3')
      and channel_id = (select id from chan.channel where name = 'ttl')`)
    await db.query(`delete from chan.channel where name = 'gone'`)
    expect(await trim()).toEqual({ next: null, trimmed: 50 + 13 + 2 + 5 })
    expect(await count('kept')).toBe(7 + 3)
    expect(await trim()).toEqual({ next: null, trimmed: 0 })
  })

  test('is walked in steps', async () => {
    await db.append(Array.from({ length: 450 }, (_, n) => ({ channel: `c${n}`, body: '1' })))
    await db.append(numbers('long', 5_500, { maxHistory: 5_500 }))
    await rotateAll(db)
    const seen: number[] = []
    let from: string | null = '1'
    for (let step = 0; from !== null; step++) {
      if (step === 1) await db.query('update chan.channel set floor = top')
      const { next, trimmed }: Step = await trim(from)
      seen.push(trimmed)
      from = next
    }
    expect(seen).toEqual([0, 200, 5_000, 550])
    expect(await trim()).toEqual({ next: expect.any(String), trimmed: 200 })
    expect(await count('kept')).toBe(0)
  })

  test('waits for nobody', async () => {
    await db.append(numbers('a', 5))
    await rotateAll(db)
    await db.query(`select chan.clear_history('a')`)
    await keepBusy()
    expect(await trim()).toEqual({ next: null, trimmed: 0 })
  })
})

describe('clearing', () => {
  test('hides what is stored, wherever it is, and nothing that comes', async () => {
    await db.append(numbers('c', 5))
    const floor = async () =>
      (await db.one<{ floor: string }>(`select floor from chan.channel where name = 'c'`)).floor
    await db.query(`select chan.clear_history('c')`)
    expect(await floor()).toBe('5')
    await rotateAll(db)
    await db.append(numbers('c', 2))
    await db.query(`select chan.clear_history('c')`)
    await db.query(`select chan.clear_history('c')`)
    await db.query(`select chan.clear_history('nobody knows it')`)
    expect(await floor()).toBe('7')
  })
})

describe('message ids', () => {
  const forget = (from: string | null = null) =>
    db.one<{ next: string; forgotten: number }>(
      'select next::text, forgotten from chan.forget_ids(300000, $1)',
      [from],
    )
  const age = (where: string) =>
    db.query(`update chan.idempotency set at = at - interval '1 hour' where ${where}`)

  test('are forgotten when they are old', async () => {
    await db.append([
      { channel: 'c', body: '1', id: 'old' },
      { channel: 'c', body: '2', id: 'new' },
    ])
    const first = await forget()
    expect(first).toEqual({ next: expect.any(String), forgotten: 0 })
    await age(`id = 'old'`)
    expect(await forget()).toMatchObject({ forgotten: 1 })
    expect(await db.query('select id from chan.idempotency')).toEqual([{ id: 'new' }])
    // What is from before was forgotten then.
    await age('true')
    expect(await forget(first.next)).toMatchObject({ forgotten: 0 })
    expect(await forget()).toMatchObject({ forgotten: 1 })
  })

  test('by the thousand go in steps', async () => {
    await db.query(`insert into chan.idempotency (channel_id, id, "offset", ts, body, at)
      select 1, n, n, 0, '', now() - interval '1 day' + n * interval '1 ms'
      from generate_series(1, 7000) n`)
    const first = await forget()
    expect(first).toEqual({ next: null, forgotten: 5_000 })
    await keepBusy()
    expect(await forget(first.next)).toEqual({ next: null, forgotten: 0 })
    expect(await count('idempotency')).toBe(2_000)
  })
})

describe('publishers', () => {
  const enter = async () =>
    (await db.one<{ publisher: number }>('select publisher from chan.enter_publisher(null)'))
      .publisher
  const age = (id: number) =>
    db.query(`update chan.publisher set since = since - interval '2 days' where id = $1`, [id])
  const forget = async () => (await db.one<{ n: number }>('select chan.forget_publishers() as n')).n

  test('go after a day without a connection, unless they publish', async () => {
    const [fresh, idle, busy] = [await enter(), await enter(), await enter()]
    await age(idle)
    await age(busy)
    await db.query(
      `select chan.append($1, 1, 1, false, '{c}', '{9}', '{NULL}', '{f}', '{1}', '{1}', '{1}',
        null, null, '{1}', '{1}', null)`,
      [busy],
    )
    expect(await forget()).toBe(1)
    const left = await db.query<{ id: number }>('select id from chan.publisher')
    expect(left.map(({ id }) => id)).toEqual(expect.arrayContaining([fresh, busy]))
    expect(left).not.toContainEqual({ id: idle })
    expect(await forget()).toBe(0)
  })
})

describe('channels', () => {
  const age = (name: string) =>
    db.query(`update chan.channel set used = used - interval '31 days' where name = $1`, [name])
  const forget = async () =>
    (await db.one<{ n: number }>('select chan.forget_channels(2592000000) as n')).n
  const names = async () =>
    (await db.query<{ name: string }>('select name from chan.channel order by name')).map(
      ({ name }) => name,
    )

  test('go when nobody has used them for long', async () => {
    const all = ['fresh', 'group', 'held', 'idle', 'interest', 'member']
    await db.append(all.map((channel) => ({ channel, body: '1' })))
    await rotateAll(db)
    await db.append([{ channel: 'logged', body: '1' }])
    for (const name of [...all.slice(1), 'logged']) await age(name)
    await db.query(`insert into chan.interest values ('interest', 1, 2)`)
    await db.query(`insert into chan.member (channel, user_id, joined_at, metadata)
      values ('member', 'u', 1, '{}')`)
    await db.query(`insert into chan.group_member values ('g', 'group')`)
    await db.query(`insert into chan.group_hold values ('g', 'held', 1, 'h')`)
    expect(await forget()).toBe(6)
    expect(await names()).toEqual(['fresh', 'group', 'held', 'interest', 'logged', 'member'])
    // Those in use are looked at again when as much time has passed.
    expect(await forget()).toBe(0)
    expect(await count('kept')).toBe(6)
    await db.query('select chan.trim_kept(1)')
    expect(await count('kept')).toBe(5)
  })

  test('come back under another epoch', async () => {
    const epoch = async () =>
      (await db.one<{ epoch: string }>(`select epoch from chan.channel where name = 'c'`)).epoch
    await db.append(numbers('c', 3))
    const before = await epoch()
    await rotateAll(db)
    await age('c')
    expect(await forget()).toBe(1)
    await db.append([{ channel: 'c', body: '"new"' }])
    expect(await epoch()).not.toBe(before)
    expect(await db.stored('c')).toEqual(['"new"'])
  })
})

describe('processes that hold something without being known', () => {
  test('are taken out', async () => {
    await db.query(`insert into chan.node (id, process, incarnation, generation)
      overriding system value values (7, 'p', 1, 'g')`)
    await db.query(`insert into chan.interest values ('c', 7, 1), ('c', 8, 1)`)
    await db.query(`insert into chan.group_hold values ('g', 'c', 7, 'h'), ('g', 'c', 9, 'h')`)
    await db.query(`insert into chan.hold values ('c', 'u', 10, 'h')`)
    await db.query(`insert into chan.member (channel, user_id, joined_at, metadata)
      values ('c', 'u', 1, '{}')`)
    const forget = async () => (await db.one<{ n: number }>('select chan.forget_orphans() as n')).n
    expect(await forget()).toBe(3)
    expect(await forget()).toBe(0)
    expect([await count('interest'), await count('group_hold')]).toEqual([1, 1])
    expect([await count('hold'), await count('member')]).toEqual([0, 0])
  })
})
