// Messages that are committed while whoever would ring for them dies, or while nobody hears: found and
// delivered within 1.5 s.
import { TcpProxy } from '@chan/conformance'
import { type PostgresServer, runSql, startPostgres, waitFor } from '@chan/testkit'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { PgChannelLayer } from '../../src/index.js'
import { Lateness } from '../timing/lateness.js'
import { form, PATIENCE_MS } from './scene/form.js'
import { startMember } from './scene/scene.js'

vi.setConfig({ testTimeout: 120_000 })

const PROMISE_MS = 1_500

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres({ sync: true })
}, 60_000)
afterAll(() => server.close())

interface Arrival {
  readonly data: unknown
  readonly at: number
}

/** What a layer in this process is delivered, and when. */
async function listen(databaseUrl: string, channel: string) {
  const layer = new PgChannelLayer({ databaseUrl })
  const heard: Arrival[] = []
  await layer.channel(channel).subscribe(({ data }) => heard.push({ data, at: Date.now() }))
  return { layer, heard }
}

/** Delivery took no longer than promised, as far as this process had the time to look. */
function expectInTime(from: number, { at }: Arrival, lateness: Lateness): void {
  expect(at - from - lateness.totalMs).toBeLessThan(PROMISE_MS)
}

// What a process leaves behind that dies between a commit and its doorbell, made by hand: a NOTIFY
// of ours is inside the transaction, so only the server could lose it.
test('a row without a doorbell is delivered', async () => {
  const databaseUrl = await server.createDatabase()
  const { layer: opened, heard } = await listen(databaseUrl, 'c')
  await using layer = opened
  await layer.channel('c').publish('rung')
  await waitFor(() => heard.length === 1, { deadlineMs: PATIENCE_MS })
  for (const round of [1, 2, 3]) {
    using lateness = Lateness.watch()
    await runSql(
      databaseUrl,
      `with number as (select nextval('chan.doorbell_seq'))
        insert into chan.log (slot, channel_id, "offset", ts, body)
          select m.slot, c.id, $1, 0, '"not rung"' from chan.meta m, chan.channel c, number
          where c.name = 'c'`,
      [round + 1],
    )
    const committed = Date.now()
    await waitFor(() => heard.length === round + 1, { deadlineMs: PATIENCE_MS })
    expectInTime(committed, heard.at(-1) as Arrival, lateness)
  }
  expect(layer.stats()).toMatchObject({ gapsBy: { 'lost-doorbell': 3 }, resets: 0 })
})

test('publishers killed around their commits: what is in the log is delivered', async () => {
  const databaseUrl = await server.createDatabase()
  const { layer: opened, heard } = await listen(databaseUrl, 'c')
  await using layer = opened
  await layer.channel('c').publish('first')
  const rounds = form(2, 8)
  for (let round = 0; round < rounds; round++) {
    using lateness = Lateness.watch()
    const doomed = await Promise.all(
      Array.from({ length: 3 }, async (_, index) => {
        const name = `doomed ${round} ${index}`
        const url = new URL(databaseUrl)
        url.searchParams.set('application_name', name)
        const member = await startMember({ name, layer: { databaseUrl: url.href } })
        // From before the batch is sent to after its answer.
        const afterMs = (round * 3 + index) * (12 / (rounds * 3))
        await expect(member.call('publishAndDie', 'c', 20, afterMs)).rejects.toThrow('SIGKILL')
        return name
      }),
    )
    const died = Date.now()
    // A backend may finish what it was given before it notices.
    await waitFor(
      async () => {
        const text = 'select pid from pg_stat_activity where application_name = any ($1)'
        return (await runSql(databaseUrl, text, [doomed])).length === 0
      },
      { deadlineMs: PATIENCE_MS },
    )
    const text = `select body from chan.log where channel_id > 0 order by "offset"`
    const rows = await runSql<{ body: string }>(databaseUrl, text)
    await waitFor(() => heard.length === rows.length, { deadlineMs: PATIENCE_MS })
    expect(heard.map(({ data }) => data)).toEqual(rows.map(({ body }) => JSON.parse(body)))
    for (const arrival of heard) expectInTime(died, arrival, lateness)
  }
  expect(heard.length).toBeGreaterThan(1)
})

test('killed right after a transaction of its own committed: relayed by another process', async () => {
  const databaseUrl = await server.createDatabase()
  const { layer: opened, heard } = await listen(databaseUrl, 'c')
  await using _ = opened
  await opened.channel('c').publish('first')
  await waitFor(() => heard.length === 1, { deadlineMs: PATIENCE_MS })
  for (let round = 0; round < form(2, 5); round++) {
    heard.length = 0
    using lateness = Lateness.watch()
    const member = await startMember({ name: 'doomed', layer: { databaseUrl } })
    await expect(member.call('commitAndDie', 'c', 5)).rejects.toThrow('SIGKILL')
    const died = Date.now()
    await waitFor(() => heard.length === 5, { deadlineMs: PATIENCE_MS })
    expect(heard.map(({ data }) => data)).toEqual([0, 1, 2, 3, 4])
    for (const arrival of heard) expectInTime(died, arrival, lateness)
  }
})

// The link looks healthy and brings nothing, as after some failovers.
test('only the LISTEN connection starves: noticed, replaced, caught up', async () => {
  await using proxy = await TcpProxy.listen({ port: server.port })
  const directUrl = await server.createDatabase()
  const url = new URL(directUrl)
  url.port = String(proxy.port)
  const { layer: opened, heard } = await listen(url.href, 'c')
  await using layer = opened
  await using writer = new PgChannelLayer({ databaseUrl: directUrl })
  await writer.channel('c').publish(0)
  await waitFor(() => heard.length === 1, { deadlineMs: PATIENCE_MS })
  let first = true
  proxy.hang((opening) => first && opening.includes('chan listener'))
  for (let n = 1; n < 20; n++) await writer.channel('c').publish(n)
  first = false
  await waitFor(() => heard.length === 20, { deadlineMs: PATIENCE_MS })
  expect(heard.map(({ data }) => data)).toEqual(Array.from({ length: 20 }, (_, n) => n))
  expect(layer.stats()).toMatchObject({ state: 'connected', resets: 0 })
  expect(layer.stats().backend.reconnects).toBe(1)
})
