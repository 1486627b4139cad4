// How others over PostgreSQL break, held against us. What needs a load or a broken server is elsewhere:
// lost, doubled and inverted messages of every size under broken connections, and names that are no
// identifiers (under-load, server-down), a database that hangs (tcp-hang), a link that starves
// (lost-doorbell), a pooler that swallows LISTEN (connect-errors).
import { type PostgresServer, runSql, startPostgres, waitFor } from '@chan/testkit'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { PgChannelLayer } from '../../src/index.js'
import { PATIENCE_MS } from './scene/form.js'

vi.setConfig({ testTimeout: 120_000 })

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres({ sync: true })
}, 60_000)
afterAll(() => server.close())

/** One layer that writes, another one that notes what it is delivered on channel `c`. */
async function pair() {
  const databaseUrl = await server.createDatabase()
  const [writer, reader] = [databaseUrl, databaseUrl].map((url) => {
    return new PgChannelLayer({ databaseUrl: url, defaultHistorySize: 10_000 })
  }) as [PgChannelLayer, PgChannelLayer]
  onTestFinished(async () => void (await Promise.all([writer.disconnect(), reader.disconnect()])))
  const heard: unknown[] = []
  await reader.channel('c').subscribe(({ data }) => heard.push(data))
  const waitForHeard = (count: number) =>
    waitFor(() => heard.length >= count, { deadlineMs: PATIENCE_MS, label: `${count} messages` })
  return { databaseUrl, writer, reader, channel: writer.channel('c'), heard, waitForHeard }
}

async function connectClient(databaseUrl: string): Promise<Client> {
  const client = new Client(databaseUrl)
  await client.connect()
  onTestFinished(() => client.end())
  return client
}

test('every size around the limit of NOTIFY arrives once, in one-byte and multi-byte text', async () => {
  const { writer, channel, heard, waitForHeard } = await pair()
  const around = (middle: number, radius: number) =>
    Array.from({ length: 2 * radius + 1 }, (_, index) => middle - radius + index)
  // With its place and its stamp a body of about 7,880 bytes fills a doorbell.
  const sizes = [...around(7_880, 20), ...around(8_000, 2)]
  const texts = sizes.flatMap((size) => {
    const room = size - 2
    return ['x'.repeat(room), `${'é漢😀'.repeat(room / 9)}${'y'.repeat(room % 9)}`]
  })
  for (const text of texts) {
    expect(sizes).toContain(Buffer.byteLength(JSON.stringify(text)))
    await channel.publish(text)
  }
  await waitForHeard(texts.length)
  // Together, between small ones that would overtake them.
  const mixed = texts.flatMap((text, index) => [index, text])
  await Promise.all(mixed.map((data) => channel.publish(data)))
  await waitForHeard(texts.length + mixed.length)
  const all = [...texts, ...mixed]
  expect(
    heard.map((data, index) => data === all[index] || index).filter((is) => is !== true),
  ).toEqual([])
  expect(heard).toHaveLength(all.length)
  expect(writer.stats()).toMatchObject({ resets: 0 })
})

test('identical messages stay apart: at once, in a transaction, from SQL', async () => {
  const { databaseUrl, writer, channel, heard, waitForHeard } = await pair()
  const times = Array.from({ length: 100 })
  await Promise.all(times.map(() => channel.publish('same', { sender: 'same' })))
  await writer.transaction(async (tx) => {
    for (const _ of times) await channel.publish('same', { sender: 'same', tx })
  })
  await runSql(
    databaseUrl,
    `select chan.publish('c', '"same"', 'same') from generate_series(1, 100)`,
  )
  await waitForHeard(300)
  expect(heard).toEqual(Array(300).fill('same'))
  const history = await channel.history()
  expect(history.map(({ offset }) => offset)).toEqual(history.map((_, index) => index + 1))
})

test('a transaction that published and stays open makes nobody wait', async () => {
  const { databaseUrl, channel, heard, waitForHeard } = await pair()
  const slow = await connectClient(databaseUrl)
  const quick = await connectClient(databaseUrl)
  await channel.publish('before')
  for (const client of [slow, quick]) {
    await client.query('begin')
    await client.query(`select chan.publish('c', '"SQL"')`)
  }
  await channel.publish('slow', { tx: slow })
  await channel.publish('quick', { tx: quick })
  await quick.query('commit')
  await channel.publish('direct')
  await waitForHeard(4)
  expect([...heard].sort()).toEqual(['SQL', 'before', 'direct', 'quick'])
  await slow.query('commit')
  await waitForHeard(6)
  expect(heard.slice(4)).toEqual(['SQL', 'slow'])
})

test('transactions that commit in another order than they began: none is skipped', async () => {
  const { databaseUrl, channel, heard, waitForHeard } = await pair()
  const clients = await Promise.all(Array.from({ length: 8 }, () => connectClient(databaseUrl)))
  const rounds = 20
  let rolledBack = 0
  for (let round = 0; round < rounds; round++) {
    for (const [index, client] of clients.entries()) {
      await client.query('begin')
      await channel.publish(`${round} ${index}`, { tx: client })
    }
    // The first row is the last to be seen; every other round one is never seen.
    for (const [index, client] of [...clients.entries()].reverse()) {
      const isDropped = round % 2 === 1 && index === 3
      if (isDropped) rolledBack++
      await client.query(isDropped ? 'rollback' : 'commit')
      if (index % 3 === 0) await channel.publish(`direct ${round} ${index}`)
    }
  }
  const total = rounds * (clients.length + 3) - rolledBack
  await waitForHeard(total)
  expect(new Set(heard).size).toBe(total)
  expect(heard).toHaveLength(total)
})

test('two tabs of one user: closing one leaves the user present', async () => {
  const { writer, reader } = await pair()
  const seen: string[] = []
  await reader.channel('room').onPresence((event) => seen.push(event.type))
  const options = { userId: 'alice', joinPresence: true }
  const tabs = [
    await writer.channel('room').subscribe(() => {}, options),
    await reader.channel('room').subscribe(() => {}, options),
    await writer.channel('room').subscribe(() => {}, options),
  ]
  for (const tab of tabs) {
    expect(await reader.channel('room').presenceCount()).toBe(1)
    await tab.unsubscribe()
  }
  expect(await reader.channel('room').presenceCount()).toBe(0)
  await waitFor(() => seen.includes('leave'), { deadlineMs: PATIENCE_MS })
  expect(seen.filter((type) => type !== 'update')).toEqual(['sync', 'join', 'leave'])
})

test('a large message is no word about members', async () => {
  const { writer, reader, heard, waitForHeard } = await pair()
  const seen: string[] = []
  await reader.channel('c').onPresence((event) => seen.push(event.type))
  for (let n = 0; n < 5; n++) await writer.channel('c').publish('x'.repeat(20_000))
  await waitForHeard(5)
  await writer.channel('c').join('alice')
  await waitFor(() => seen.includes('join'), { deadlineMs: PATIENCE_MS })
  expect(heard).toHaveLength(5)
  expect(seen).toEqual(['sync', 'join'])
})
