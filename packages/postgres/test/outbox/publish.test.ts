// chan.publish: what anybody with the right to it can do from SQL, and nothing more.
import { runSql } from '@chan/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { enqueueStatement } from '../../src/outbox/enqueue.js'
import { scene } from '../housekeeping/scene.js'

const db = scene()

const outbox = () =>
  db.query<{ channel: string; body: string; sender: string | null }>(
    'select channel, body, sender from chan.outbox order by id',
  )
const refusal = async (text: string, values: unknown[]) => {
  const client = await db.client()
  return client.query(text, values).then(
    () => {
      throw new Error('it was accepted')
    },
    ({ code, message, hint }) => ({ code, message, hint }),
  )
}

test('puts a message into the outbox, and rings nothing', async () => {
  const listener = await db.client()
  const rung: unknown[] = []
  listener.on('notification', (notification) => rung.push(notification))
  const { doorbell, drawn } = await db.one<{ doorbell: string; drawn: string }>(
    'select doorbell, (select last_value from chan.doorbell_seq) as drawn from chan.meta',
  )
  await listener.query(`listen ${doorbell}`)
  const before = Date.now() / 1000
  await db.query(`select chan.publish('orders', '{"id": 7}')`)
  await db.query(`select chan.publish(channel => 'orders', data => 'null', sender => 'till 3')`)
  expect(await outbox()).toEqual([
    { channel: 'orders', body: '{"id": 7}', sender: null },
    { channel: 'orders', body: 'null', sender: 'till 3' },
  ])
  const { ts } = await db.one<{ ts: number }>('select min(ts) as ts from chan.outbox')
  expect(Math.abs(ts - before)).toBeLessThan(60)
  // Whatever was sent would have been heard before this answer.
  await db.query(`select pg_notify('${doorbell}', 'mine')`)
  await expect.poll(() => rung.length).toBeGreaterThan(0)
  expect(rung).toMatchObject([{ payload: 'mine' }])
  expect(await db.one('select last_value as drawn from chan.doorbell_seq')).toEqual({ drawn })
})

test.each([
  ['a null channel', [null, '1', null], 'the channel is null'],
  ['an empty channel', ['', '1', null], 'the channel has 0 bytes'],
  ['a long channel', ['é'.repeat(128), '1', null], 'the channel has 256 bytes'],
  ['a reserved channel', ['\u0001chan:control', '1', null], 'contains a control character'],
  ['a C1 control', ['a\u0085', '1', null], 'contains a control character'],
  ['a record separator', ['a\u001eb', '1', null], 'contains a control character'],
  ['an empty sender', ['a', '1', ''], 'the sender 0'],
  ['a long sender', ['a', '1', 's'.repeat(256)], 'the sender 256'],
  ['a control in the sender', ['a', '1', 'a\u001fb'], 'contains a control character'],
  ['no data', ['a', null, null], 'the data are null'],
  ['too much data', ['a', JSON.stringify('x'.repeat(1_048_575)), null], 'the data have 1048577'],
])('refuses %s', async (_, values, message) => {
  await db.query('truncate chan.outbox')
  const refused = await refusal('select chan.publish($1, $2::jsonb, $3)', values)
  expect(refused.message).toContain(message)
  expect(refused.code).toMatch(/^2200[4]|22023$/)
  expect(refused.hint).toMatch(/\w{3}/)
  expect(await outbox()).toEqual([])
})

test('takes what is just within the limits', async () => {
  await db.query('truncate chan.outbox')
  const body = JSON.stringify('x'.repeat(1_048_574))
  await db.query('select chan.publish($1, $2::jsonb, $3)', ['é'.repeat(127), body, 's'.repeat(255)])
  expect(await outbox()).toHaveLength(1)
})

test('a trigger publishes what any program inserts, if its transaction commits', async () => {
  await db.query('truncate chan.outbox')
  const client = await db.client()
  await client.query(`
    create table purchase (id int primary key, customer text, total numeric);
    create function announce_purchase() returns trigger language plpgsql as $$
    begin
      perform chan.publish('customer:' || new.customer, to_jsonb(new));
      return new;
    end $$;
    create trigger announce after insert on purchase
      for each row execute function announce_purchase();
  `)
  await client.query(`insert into purchase values (1, 'ann', 9.50), (2, 'bob', 3)`)
  await client.query('begin')
  await client.query(`insert into purchase values (3, 'eve', 1)`)
  await client.query('rollback')
  expect(await outbox()).toEqual([
    { channel: 'customer:ann', body: '{"id": 1, "total": 9.50, "customer": "ann"}', sender: null },
    { channel: 'customer:bob', body: '{"id": 2, "total": 3, "customer": "bob"}', sender: null },
  ])
})

describe('a second role', () => {
  const role = `chan_test_role_${process.pid}`
  beforeAll(async () => {
    await runSql(db.url, `create role ${role} login`)
  })
  afterAll(async () => {
    await runSql(db.url, `drop owned by ${role}`)
    await runSql(db.url, `drop role ${role}`)
  })

  test('needs the right, and with it can do nothing else', async () => {
    await db.query('truncate chan.outbox')
    const client = await db.client(role)
    const publish = () => client.query(`select chan.publish('a', '1')`)
    await expect(publish()).rejects.toMatchObject({ code: '42501' })
    await db.query(`grant usage on schema chan to ${role}`)
    await expect(publish()).rejects.toMatchObject({ code: '42501' })
    await db.query(`grant execute on function chan.publish to ${role}`)
    await publish()
    expect(await outbox()).toHaveLength(1)
    for (const forbidden of [
      'select * from chan.outbox',
      `insert into chan.outbox (channel, body, ts) values ('a', '1', 0)`,
      'select doorbell from chan.meta',
      `select chan.relay(1, 1, 1, null, '{}', false)`,
      'select chan.rotate(1000, 1)',
    ]) {
      await expect(client.query(forbidden)).rejects.toMatchObject({ code: '42501' })
    }
  })

  test('of an application that publishes in its transactions may only insert', async () => {
    await db.query('truncate chan.outbox')
    await db.query(`grant usage on schema chan to ${role}`)
    await db.query(`grant insert, select (xid) on chan.outbox to ${role}`)
    const client = await db.client(role)
    const values = ['a', '1', null, null, 0, 1, null, false]
    const { rows } = await client.query(enqueueStatement('chan'), values)
    expect(rows).toEqual([{ xid: expect.stringMatching(/^\d+$/) }])
    expect(await outbox()).toHaveLength(1)
    await expect(client.query('select body from chan.outbox')).rejects.toMatchObject({
      code: '42501',
    })
  })

  test('cannot make it use tables or functions of its own', async () => {
    await db.query('truncate chan.outbox')
    await db.query(`grant usage on schema chan to ${role}`)
    await db.query(`grant execute on function chan.publish to ${role}`)
    const client = await db.client(role)
    await client.query(`
      create temp table outbox (channel text, body text, sender text, ts float8);
      create function pg_temp.octet_length(text) returns int language sql as 'select 5';
      set search_path = pg_temp, chan, pg_catalog;
    `)
    await client.query(`select chan.publish('a', '1')`)
    expect((await client.query('select * from pg_temp.outbox')).rows).toEqual([])
    expect(await outbox()).toHaveLength(1)
  })
})
