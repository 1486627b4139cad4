// The relay's SQL: whatever commits is stored once, in its transaction's order, and nothing else.
import { seeded } from '@chan/conformance'
import type pg from 'pg'
import { beforeEach, describe, expect, test } from 'vitest'
import { enqueueStatement } from '../../src/outbox/enqueue.js'
import { scene } from '../housekeeping/scene.js'
import { remembering } from './remembering-relay.js'

const db = scene()
const relay = (query = db.query) => remembering(db, query)

const publish = (client: pg.Client, channel: string, data: unknown) =>
  client.query('select chan.publish($1, $2)', [channel, JSON.stringify(data)])
const left = async () =>
  (await db.one<{ n: number }>('select count(*)::int as n from chan.outbox')).n

beforeEach(async () => {
  await db.query('truncate chan.outbox, chan.outbox_failed, chan.log, chan.channel')
})

test('stores what is committed, when it is committed', async () => {
  const [a, b] = [await db.client(), await db.client()]
  const { run } = relay()
  await a.query('begin')
  await publish(a, 'c', 'a1')
  await publish(b, 'c', 'b1')
  await a.query('select 1')
  expect(await run()).toMatchObject({ taken: 1, more: false })
  await publish(a, 'c', 'a2')
  expect(await run()).toMatchObject({ taken: 0 })
  await a.query('commit')
  expect(await run()).toMatchObject({ taken: 2 })
  expect(await db.stored('c')).toEqual(['"b1"', '"a1"', '"a2"'])
  expect(await left()).toBe(0)
})

test('a rollback leaves nothing, nor does one to a savepoint', async () => {
  const client = await db.client()
  const { run } = relay()
  await client.query('begin')
  await publish(client, 'c', 1)
  await client.query('rollback')
  await client.query('begin; savepoint s')
  await publish(client, 'c', 2)
  await client.query('rollback to s')
  await publish(client, 'c', 3)
  await client.query('commit')
  expect(await run()).toMatchObject({ taken: 1 })
  expect(await db.stored('c')).toEqual(['3'])
})

test('limits by rows and by bytes keep the order, and say that there is more', async () => {
  const client = await db.client()
  const { run } = relay()
  await client.query('begin')
  for (let n = 0; n < 7; n++) await publish(client, 'c', `${n}`.repeat(100))
  await client.query('commit')
  expect(await run({ limit: 2 })).toMatchObject({ taken: 2, more: true })
  // At least one, however few bytes are allowed.
  expect(await run({ bytes: 1 })).toMatchObject({ taken: 1, more: true })
  expect(await run({ bytes: 150 })).toMatchObject({ taken: 2, more: true })
  expect(await run()).toMatchObject({ taken: 2, more: false })
  expect((await db.stored('c')).map((body) => body[1]).join('')).toBe('0123456')
})

test('names no channel twice, and the last named limits win', async () => {
  const { run } = relay()
  const enqueue = (max: number, ttl: number | null, explicit: boolean) =>
    db.query(enqueueStatement('chan'), ['limited', '1', null, null, 5, max, ttl, explicit])
  await db.query(`select chan.publish('plain', '1')`)
  await enqueue(20, null, false)
  await enqueue(3, 1000, true)
  await enqueue(5, null, true)
  await enqueue(500, null, false)
  expect(await run()).toMatchObject({ taken: 5 })
  const channels = await db.query(
    'select name, max_history, ttl_ms, explicit from chan.channel order by name',
  )
  expect(channels).toEqual([
    { name: 'limited', max_history: 5, ttl_ms: null, explicit: true },
    { name: 'plain', max_history: 100, ttl_ms: null, explicit: false },
  ])
})

test('an id that the channel knows is not stored again', async () => {
  const { run } = relay()
  await db.append([{ channel: 'c', body: '"first"', id: 'i' }])
  for (const body of ['"again"', '"new"', '"new again"']) {
    const id = body.startsWith('"new') ? 'j' : 'i'
    await db.query(enqueueStatement('chan'), ['c', body, null, id, 5, 100, null, false])
  }
  expect(await run()).toMatchObject({ taken: 3 })
  expect(await db.stored('c')).toEqual(['"first"', '"new"'])
})

test('rings doorbells that fit, whatever the sizes', async () => {
  const listener = await db.client()
  const heard: string[] = []
  listener.on('notification', ({ payload = '' }) => heard.push(payload))
  const { doorbell } = await db.one<{ doorbell: string }>('select doorbell from chan.meta')
  await listener.query(`listen ${doorbell}`)
  const { run } = relay()
  const name = 'é'.repeat(127)
  // Beside name, sender and body a message takes 69 of 7,900 bytes: at even sizes, with a sender,
  // 7,322 are left for the body, at odd ones 7,577.
  const sizes = [0, 7_000, 7_320, 7_322, 7_575, 7_577, 7_900, 8_000, 20_000, 1, 2, 3]
  for (const size of sizes) {
    await db.query('select chan.publish($1, to_jsonb($2::text), $3)', [
      ...[name, 'x'.repeat(size), size % 2 ? null : 's'.repeat(255)],
    ])
  }
  for (let n = 0; n < 200; n++) await db.query(`select chan.publish('many', to_jsonb(${n}))`)
  expect(await run()).toMatchObject({ taken: 212 })
  const records = await expect
    .poll(() => {
      const records = heard.flatMap((payload) => payload.split('\x1e').slice(1))
      return records.length === 212 && records
    })
    .toBeTruthy()
    .then(() => heard.flatMap((payload) => payload.split('\x1e').slice(1)))
  const bodies = records.map((record) => record.split('\x1f')[6])
  // What does not fit is referred to; the rest comes whole and in order.
  expect(bodies.slice(0, 12).map((body) => body?.length)).toEqual([
    ...[2, 7_002, 7_322, undefined, 7_577, undefined, undefined, undefined, undefined, 3, 4, 5],
  ])
  expect(bodies.slice(12)).toEqual(Array.from({ length: 200 }, (_, n) => `${n}`))
  // Packed: far fewer doorbells than messages.
  expect(heard.length).toBeLessThan(20)
})

test('two relays share the work without storing anything twice', async () => {
  const [one, other] = [await db.session(), await db.session()]
  const [first, second] = [relay((...args) => one.query(...args)), relay()]
  const client = await db.client()
  for (let round = 0; round < 20; round++) {
    await client.query('begin')
    await publish(client, 'c', round * 2)
    await publish(client, 'c', round * 2 + 1)
    await client.query('commit')
    await Promise.all([first.run({ limit: 1 }), second.run({ limit: 1 })])
  }
  while ((await first.run()).more || (await second.run()).more);
  expect(await db.stored('c')).toEqual(Array.from({ length: 40 }, (_, n) => `${n}`))
  await other.close()
})

test('says which transactions may still leave rows', async () => {
  const client = await db.client()
  const { run } = relay()
  const begin = async () => {
    await client.query('begin')
    const values = ['c', '1', null, null, 0, 1, null, false]
    const { rows } = await client.query(enqueueStatement('chan'), values)
    return `{${rows[0].xid}}`
  }
  for (const end of ['commit', 'rollback']) {
    const waiting = await begin()
    expect(await run({ waiting })).toMatchObject({ taken: 0, waiting })
    await client.query(end)
    expect(await run({ waiting })).toMatchObject({ waiting: '{}' })
  }
  // Not as long as there is more to take.
  const waiting = await begin()
  await client.query('commit')
  await publish(client, 'c', 2)
  expect(await run({ waiting, limit: 1 })).toMatchObject({ more: true, waiting })
  expect(await run({ waiting })).toMatchObject({ taken: 1, waiting: '{}' })
})

describe('what a relay knows', () => {
  test('stays short', async () => {
    const client = await db.client()
    const { run } = relay()
    let longest = 0
    for (let round = 0; round < 120; round++) {
      await publish(client, 'c', round)
      longest = Math.max(longest, (await run()).known.split(' ').length)
    }
    expect(longest).toBeGreaterThan(20)
    expect(longest).toBeLessThan(40)
  })

  test('is right among transactions of any length and any order of commits', async () => {
    const relays = [relay(), relay()]
    const writers = await Promise.all(
      Array.from({ length: 6 }, async () => ({ client: await db.client(), open: 0, done: 0 })),
    )
    const unit = seeded(7)
    const random = (below: number) => Math.floor(unit() * below)
    for (let step = 0; step < 600; step++) {
      const which = random(writers.length)
      const writer = writers[which] as (typeof writers)[number]
      // The first one keeps its transactions open for long.
      if (writer.open > 0 && random(which === 0 ? 30 : 4) === 0) {
        const keeps = random(4) > 0
        await writer.client.query(keeps ? 'commit' : 'rollback')
        if (keeps) writer.done += writer.open
        writer.open = 0
      } else {
        if (writer.open === 0) await writer.client.query('begin')
        await publish(writer.client, `w${which}`, [writer.done + writer.open++])
      }
      if (random(3) === 0) await relays[random(2)]?.run({ limit: 1 + random(3) })
    }
    for (const { client } of writers) await client.query('rollback')
    // Each by what it knows: no look at everything.
    for (const { run } of relays) while ((await run({ limit: 5 })).more);
    expect(await left()).toBe(0)
    for (const [which, { done }] of writers.entries()) {
      const expected = Array.from({ length: done }, (_, n) => `[${n}]`)
      expect(await db.stored(`w${which}`)).toEqual(expected)
    }
  })

  test('is right while all of them go at once', async () => {
    let writing = 5
    const writers = Array.from({ length: writing }, async (_, which) => {
      const client = await db.client()
      for (let round = 0; round < 40; round++) {
        await client.query('begin')
        for (let n = 0; n < 3; n++) await publish(client, `w${which}`, round * 3 + n)
        await client.query('commit')
      }
      writing--
    })
    const relays = Array.from({ length: 2 }, async (_, which) => {
      const session = await db.session()
      const { run } = relay((...args) => session.query(...args))
      while (writing > 0) await run({ limit: which === 0 ? 2 : 500 })
      while ((await run()).taken !== 0);
    })
    await Promise.all([...writers, ...relays])
    expect(await left()).toBe(0)
    for (const which of writers.keys()) {
      expect(await db.stored(`w${which}`)).toEqual(Array.from({ length: 120 }, (_, n) => `${n}`))
    }
  })

  test('is not made in a transaction whose id is drawn already', async () => {
    const client = await db.client()
    await client.query('begin')
    await client.query('select pg_current_xact_id()')
    await expect(
      client.query(`select chan.relay(1, 1, 1, null, '{}', false)`),
    ).rejects.toMatchObject({ code: '25001' })
  })
})

describe('a row that cannot be stored', () => {
  const spoil = () =>
    db.query(`insert into chan.outbox (channel, body, ts, sender) values (repeat('x', 9000), '1', 2,
      'me')`)

  test('fails the call that takes it', async () => {
    await spoil()
    const { run } = relay()
    await expect(run({ limit: 1 })).rejects.toMatchObject({ code: '22023' })
    expect(await left()).toBe(1)
  })

  test.each([
    ['a channel without a name', { channel: '' }],
    ['a channel with too long a name', { channel: 'é'.repeat(128) }],
    ['a separator in the channel', { channel: 'a\u001eb' }],
    ['a separator in the sender', { sender: 'a\u001fb' }],
    ['too long a sender', { sender: 'x'.repeat(256) }],
    ['a separator in the id', { id: '\u001d' }],
    ['a separator in the body', { body: '[1,\u001e2]' }],
    ['no body', { body: '' }],
  ])('may be one with %s', async (_, spoiled) => {
    const { channel, body, sender, id } = {
      channel: 'c',
      body: '1',
      sender: 's',
      id: 'i',
      ...spoiled,
    }
    await db.query(enqueueStatement('chan'), [channel, body, sender, id, 0, 1, null, false])
    const { run } = relay()
    await expect(run({ limit: 1 })).rejects.toMatchObject({ code: '22023' })
    expect(await run({ limit: 1, aside: true })).toMatchObject({ failed: expect.any(String) })
    expect(await db.query('select body, sender, msg_id from chan.outbox_failed')).toEqual([
      { body, sender, msg_id: id },
    ])
  })

  test('is set aside on demand, and can be put back', async () => {
    await spoil()
    const { run } = relay()
    const { taken, failed } = await run({ limit: 1, aside: true })
    expect(taken).toBe(1)
    expect(failed).toMatch(/^#\d+ for channel 'x+': it has an empty or overlong field.*\(22023\)$/)
    expect(await left()).toBe(0)
    expect(await db.query('select sender, body, ts, sqlstate from chan.outbox_failed')).toEqual([
      { sender: 'me', body: '1', ts: 2, sqlstate: '22023' },
    ])
    await db.query(`update chan.outbox_failed set channel = 'mended'`)
    expect(await db.one('select chan.requeue_failed() as n')).toEqual({ n: 1 })
    expect(await run()).toMatchObject({ taken: 1, failed: null })
    expect(await db.stored('mended')).toEqual(['1'])
  })
})
