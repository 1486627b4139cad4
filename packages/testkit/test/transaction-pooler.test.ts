// The pooler works for whoever needs no session, and takes away what sessions keep.
import pg from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import {
  type PoolerOptions,
  runSql,
  startPostgres,
  startTransactionPooler,
  waitFor,
} from '../src/index.js'
import type { PostgresServer } from '../src/postgres/server.js'
import type { TransactionPooler } from '../src/postgres/transaction-pooler.js'

// Its own: the pooler logs in by trust alone, which a DATABASE_URL need not allow.
let postgres: PostgresServer
let server: string

beforeAll(async () => {
  postgres = await startPostgres()
  server = postgres.url
}, 60_000)
afterAll(() => postgres.close())

async function start(options?: PoolerOptions, url = server): Promise<TransactionPooler> {
  const pooler = await startTransactionPooler(url, options)
  onTestFinished(() => pooler.close())
  return pooler
}

async function connect(url: string, config: pg.ClientConfig = {}): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, ...config })
  client.on('error', () => {})
  await client.connect()
  onTestFinished(() => client.end())
  return client
}

async function backendOf(client: pg.Client): Promise<number> {
  return (await client.query('select pg_backend_pid() as pid')).rows[0].pid
}

test('pg works through it: both protocols, large rows, errors', async () => {
  const client = await connect((await start()).url)
  expect(await client.query('select 1 as a; select 2 as b')).toHaveLength(2)
  expect((await client.query('select $1::int + 1 as n', [41])).rows).toEqual([{ n: 42 }])
  const large = 'ü'.repeat(3_000_000)
  expect((await client.query('select $1::text as t', [large])).rows[0].t).toBe(large)
  await expect(client.query('select $1::int', ['x'])).rejects.toMatchObject({ code: '22P02' })
  await expect(client.query('nonsense')).rejects.toMatchObject({ code: '42601' })
  expect((await client.query('select $1::text as t', ['on'])).rows).toEqual([{ t: 'on' }])
})

test('a transaction stays on one server, the next goes to another', async () => {
  const client = await connect((await start()).url)
  const [first, second, third] = [
    await backendOf(client),
    await backendOf(client),
    await backendOf(client),
  ]
  expect(second).not.toBe(first)
  expect(third).toBe(first)
  await client.query('begin')
  const inside = [await backendOf(client), await backendOf(client), await backendOf(client)]
  expect(new Set(inside).size).toBe(1)
  await client.query('select 1/0').catch(() => {})
  await expect(client.query('select 1')).rejects.toMatchObject({ code: '25P02' })
  await client.query('rollback')
  expect(await backendOf(client)).not.toBe(inside[0])
})

test('many clients share few servers', async () => {
  const { url } = await start({ size: 3 })
  const clients = await Promise.all(Array.from({ length: 30 }, () => connect(url)))
  const pids = await Promise.all(
    clients.map(async (client, i) => {
      await client.query('begin')
      const { rows } = await client.query('select $1::int as i, pg_backend_pid() as pid', [i])
      await client.query('commit')
      expect(rows[0].i).toBe(i)
      return rows[0].pid
    }),
  )
  expect(new Set(pids).size).toBe(3)
})

test('what a session keeps is not there next time', async () => {
  const client = await connect((await start()).url)
  await client.query(`set chan.test = 'kept'`)
  const { rows } = await client.query(`select current_setting('chan.test', true) as value`)
  expect(rows[0].value ?? '').toBe('')
  await client.query({ name: 'named', text: 'select 1' })
  // pg believes that it is prepared and does not parse it again.
  await expect(client.query({ name: 'named', text: 'select 1' })).rejects.toMatchObject({
    code: '26000',
  })
})

test('LISTEN through it never receives', async () => {
  const { url } = await start()
  const direct = await connect(server)
  const pooled = await connect(url)
  const heard: string[] = []
  for (const client of [direct, pooled]) {
    client.on('notification', ({ payload }) => heard.push(payload ?? ''))
  }
  await direct.query('listen chan_test_pooler')
  await pooled.query('listen chan_test_pooler')
  for (let i = 0; i < 10; i++) await runSql(server, `notify chan_test_pooler, '${i}'`)
  await waitFor(() => heard.length >= 10)
  // Were something on its way to the client, it would come before an answer of the other server.
  await pooled.query('select 1')
  expect(heard).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
})

test('refuses startup options, or forgets them', async () => {
  const options = '-c statement_timeout=1234'
  const strict = await start()
  await expect(connect(strict.url, { options })).rejects.toMatchObject({
    code: '08P01',
    message: 'unsupported startup parameter: options',
  })
  const lenient = await start({ ignoreStartupParameters: ['options'] })
  const client = await connect(lenient.url, { options })
  expect((await client.query('show statement_timeout')).rows[0].statement_timeout).toBe('0')
})

test('hands on why the server refuses', async () => {
  const { url } = await start()
  await expect(connect(url.replace(/[^/]*$/, 'nowhere'))).rejects.toMatchObject({ code: '3D000' })
})

test('a client that leaves in a transaction rolls it back', async () => {
  const { url } = await start({ size: 1 })
  const table = `chan_test_left_${process.pid}`
  await runSql(server, `create table ${table} (x int)`)
  const leaving = new pg.Client(url)
  leaving.on('error', () => {})
  await leaving.connect()
  await leaving.query('begin')
  await leaving.query(`insert into ${table} values (1)`)
  await leaving.end()
  const next = await connect(url)
  expect((await next.query(`select from ${table}`)).rowCount).toBe(0)
  await next.query(`drop table ${table}`)
})

test('outlives a restart of the server', { timeout: 60_000 }, async () => {
  const own = await startPostgres()
  onTestFinished(() => own.close())
  const { url } = await start({}, own.url)
  const client = new pg.Client(url)
  const lost = new Promise((resolve) => client.on('error', resolve))
  await client.connect()
  await client.query('begin')
  await own.stop()
  await lost
  await expect(connect(url)).rejects.toMatchObject({ code: '08006' })
  await own.start()
  expect((await (await connect(url)).query('select 1 as n')).rows).toEqual([{ n: 1 }])
})
