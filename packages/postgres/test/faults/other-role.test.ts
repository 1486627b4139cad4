// Somebody else's role in the same database, without rights on the layer's schema. NOTIFY itself has
// no access control: whoever knows the doorbell's name could listen and ring.
import { type PostgresServer, runSql, startPostgres, waitFor } from '@chan/testkit'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type Message, PgChannelLayer } from '../../src/index.js'
import { PATIENCE_MS } from './scene/form.js'

let server: PostgresServer
let databaseUrl: string
let strangerUrl: string
beforeAll(async () => {
  server = await startPostgres({ sync: true })
  databaseUrl = await server.createDatabase()
  await runSql(server.url, 'create role stranger login')
  strangerUrl = databaseUrl.replace('postgres@', 'stranger@')
  await using layer = new PgChannelLayer({ databaseUrl })
  await layer.connect()
}, 60_000)
afterAll(() => server.close())

const denied = { code: '42501' }
const ask = (text: string) => runSql(strangerUrl, text)

test('may neither read anything nor call anything, by rights of the schema and of each object', async () => {
  for (const text of [
    `select chan.publish('c', '{}'::jsonb)`,
    `select chan.publish('c', '{}'::jsonb, 'somebody')`,
    `select chan.emit('x')`,
    'select doorbell from chan.meta',
    'select * from chan.log',
    `insert into chan.outbox (channel, body, ts) values ('c', '1', 0)`,
    'select last_value from chan.doorbell_seq',
  ]) {
    await expect(ask(text), text).rejects.toMatchObject(denied)
  }
  // Should somebody grant USAGE on the schema: nothing in it is open to everybody.
  await runSql(databaseUrl, 'grant usage on schema chan to stranger')
  const open = await runSql(
    databaseUrl,
    `select proname as name from pg_proc
        where pronamespace = 'chan'::regnamespace and has_function_privilege('stranger', oid, 'execute')
      union all select relname from pg_class
        where relnamespace = 'chan'::regnamespace and case relkind
          when 'S' then has_sequence_privilege('stranger', oid, 'usage, select, update')
          when 'i' then false when 'I' then false
          else has_table_privilege('stranger', oid, 'select, insert, update, delete, truncate') end`,
  )
  await runSql(databaseUrl, 'revoke usage on schema chan from stranger')
  expect(open).toEqual([])
})

test('learns the name of the doorbell from nowhere', async () => {
  const [row] = await runSql<{ doorbell: string }>(databaseUrl, 'select doorbell from chan.meta')
  const doorbell = row?.doorbell ?? ''
  expect(doorbell).toMatch(/^chan_[0-9a-f]{32}$/)
  await using layer = new PgChannelLayer({ databaseUrl })
  await layer.channel('c').subscribe(() => {})
  const seen = await ask(
    `select string_agg(text, ' ') as text from (
        select query as text from pg_stat_activity
        union all select prosrc from pg_proc where pronamespace = 'chan'::regnamespace
        union all select array_to_string(proconfig, ' ') from pg_proc
        union all select coalesce(obj_description(oid), '') from pg_class
        union all select coalesce(pg_get_expr(adbin, adrelid), '') from pg_attrdef
        union all select pg_listening_channels()
      ) all_texts`,
  )
  expect(JSON.stringify(seen)).toContain('pg_notify')
  expect(JSON.stringify(seen)).not.toContain(doorbell)
})

test('overhears nothing, and what it rings is not heard', async () => {
  await using writer = new PgChannelLayer({ databaseUrl })
  await using reader = new PgChannelLayer({ databaseUrl })
  const heard: Message[] = []
  await reader.channel('secret').subscribe((message) => heard.push(message))

  const stranger = new Client(strangerUrl)
  await stranger.connect()
  onTestFinished(() => stranger.end())
  const overheard: string[] = []
  stranger.on('notification', ({ payload = '' }) => overheard.push(payload))
  const guesses = ['chan', 'chan_', 'secret', 'own']
  for (const guess of guesses) await stranger.query(`listen "${guess}"`)

  const first = await writer.channel('secret').publish('psst')
  const [epoch, generation] = (first.epoch as string).split('.')
  const record = [2, epoch, 'secret', 1, 'stranger', '', '"forged"'].join('\u001f')
  const forged = `M\u001f1\u001f0\u001f${generation}\u001e${record}`
  for (const guess of guesses) {
    await stranger.query('select pg_notify($1, $2)', [guess, forged])
  }
  await writer.channel('secret').publish('psst again')
  await waitFor(() => heard.length === 2, { deadlineMs: PATIENCE_MS })
  // Its own come back to it: it does hear, only nothing of ours.
  await stranger.query(`notify own, 'the end'`)
  await waitFor(() => overheard.includes('the end'), { deadlineMs: PATIENCE_MS })
  expect(heard.map(({ data }) => data)).toEqual(['psst', 'psst again'])
  expect(overheard.join()).not.toContain('psst')
  expect(overheard).toHaveLength(guesses.length + 1)
}, 60_000)
