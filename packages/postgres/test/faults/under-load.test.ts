// Faults under load that leave the server running: connections that it ends, and a reader that keeps
// an old snapshot open.
import { setTimeout as sleep } from 'node:timers/promises'
import { TcpProxy } from '@chan/conformance'
import { type PostgresServer, startPostgres } from '@chan/testkit'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { terminate, waitForUsualConnections } from './scene/activity.js'
import { names, noticesOf, replay, waitForPresent } from './scene/attendance.js'
import { form } from './scene/form.js'
import { Scene, type Verdict } from './scene/scene.js'

vi.setConfig({ testTimeout: 180_000 })

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres({ sync: true })
}, 60_000)
afterAll(() => server.close())

const reconnects = ({ members }: Verdict) =>
  members.reduce((sum, { stats }) => sum + (stats.backend.reconnects as number), 0)

test('LISTEN ended again and again: nothing lost, doubled or out of order', async () => {
  await using scene = await Scene.open({ databaseUrl: await server.createDatabase() })
  await scene.start()
  let ended = 0
  await scene.repeat(form(4_000, 20_000), form(500, 2_000), async () => {
    ended += await terminate(scene.url, 'listener')
  })
  await waitForUsualConnections(scene.url, 3)
  const verdict = await scene.finish()
  expect(verdict).toMatchObject({ complaints: [], rejected: {} })
  for (const { stats, statuses } of verdict.members) {
    expect(stats).toMatchObject({ state: 'connected', resets: 0 })
    expect(statuses).toEqual(expect.arrayContaining(['reconnecting', 'connected']))
  }
  // A connection may be ended while it is being set up, which is no loss of one that stood.
  expect(reconnects(verdict)).toBeGreaterThan(3)
  expect(reconnects(verdict)).toBeLessThanOrEqual(ended)
  await waitForUsualConnections(scene.url, 3)
})

test('the publisher lost mid-batch, again and again: each publish is told the truth', async () => {
  const directUrl = await server.createDatabase()
  await using proxy = await TcpProxy.listen({ port: server.port })
  const url = new URL(directUrl)
  url.port = String(proxy.port)
  await using scene = await Scene.open({ databaseUrl: url.href })
  const isPublisher = (opening: Buffer) => opening.includes('chan publisher')
  // So that a cut meets batches on their way there, under way, and with the answer on its way back.
  proxy.delay(15, isPublisher)
  await scene.start()
  const rooms = ['room']
  await Promise.all(
    scene.members.map(async (member, index) => {
      await member.call('observe', rooms)
      await member.call('churn', 'room', names(`user ${index} `, 5))
    }),
  )
  await scene.repeat(form(4_000, 20_000), form(300, 700), async () => {
    proxy.cut(isPublisher)
    await sleep(100)
    await terminate(directUrl, 'publisher')
  })
  proxy.delay(0)
  await waitForUsualConnections(directUrl, 3)
  const stayed = await Promise.all(scene.members.map((member) => member.call<string[]>('calm')))
  const verdict = await scene.finish()
  expect(verdict.complaints).toEqual([])
  expect(reconnects(verdict)).toBeGreaterThan(3)
  const present = stayed.flat().sort()
  for (const member of scene.members) {
    expect(await member.call('present', rooms)).toEqual([present])
    await waitForPresent(member, present)
    expect(replay(await noticesOf(member)).complaints).toEqual([])
  }
  await waitForUsualConnections(directUrl, 3)
})

test('every connection ended at once, again and again', async () => {
  await using scene = await Scene.open({ databaseUrl: await server.createDatabase() })
  await scene.start()
  await scene.repeat(form(3_000, 15_000), form(600, 1_000), () =>
    Promise.all([
      terminate(scene.url, 'publisher'),
      terminate(scene.url, 'listener'),
      terminate(scene.url, 'reader'),
    ]),
  )
  await waitForUsualConnections(scene.url, 3)
  const verdict = await scene.finish()
  expect(verdict.complaints).toEqual([])
  await waitForUsualConnections(scene.url, 3)
})

// What it costs is measured in apps/bench.
test('an idle transaction keeps an old snapshot open', async () => {
  await using scene = await Scene.open({ databaseUrl: await server.createDatabase() })
  await scene.start()
  const dump = new Client(scene.url)
  await dump.connect()
  onTestFinished(() => dump.end())
  await dump.query('begin isolation level repeatable read')
  const seen = await dump.query('select count(*) from chan.log')
  await scene.repeat(form(2_000, 60_000), 500, () => scene.goOn())
  expect((await dump.query('select count(*) from chan.log')).rows).toEqual(seen.rows)
  const verdict = await scene.finish()
  await dump.query('rollback')
  expect(verdict).toMatchObject({ complaints: [], rejected: {} })
})
