// The network between the processes and the database goes silent: nothing passes, nothing is reset.
import { setTimeout as sleep } from 'node:timers/promises'
import { TcpProxy } from '@chan/conformance'
import { type PostgresServer, startPostgres } from '@chan/testkit'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { waitForUsualConnections } from './scene/activity.js'
import { form, isFull } from './scene/form.js'
import { type MemberRecord, Scene } from './scene/scene.js'

vi.setConfig({ testTimeout: 180_000 })

const DEADLINE_MS = form(1_500, 5_000)

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres({ sync: true })
}, 60_000)
afterAll(() => server.close())

async function listenProxy(): Promise<{ proxy: TcpProxy; directUrl: string; url: string }> {
  const proxy = await TcpProxy.listen({ port: server.port })
  const directUrl = await server.createDatabase()
  const url = new URL(directUrl)
  url.port = String(proxy.port)
  return { proxy, directUrl, url: url.href }
}

async function openScene(databaseUrl: string): Promise<Scene> {
  const layer = { publishDeadlineMs: DEADLINE_MS }
  const scene = await Scene.open({ databaseUrl, layer, perSecond: 250 })
  await scene.start()
  return scene
}

/** A publish was answered in time, as far as its process had the time to. */
function expectInTime({ slowestMs, latenessMs }: MemberRecord): void {
  expect(slowestMs - latenessMs).toBeLessThan(DEADLINE_MS + 500)
}

/** Ephemeral messages reach the subscribers of their own process. */
async function whisper({ publishers }: Scene): Promise<void> {
  await Promise.all(publishers.map((publisher) => publisher.call('whisper', 20)))
}

test.concurrent('hangs, then heals: rejected in time, delivered inside the process, resumed', async ({
  expect,
}) => {
  const { proxy: opened, directUrl, url } = await listenProxy()
  await using proxy = opened
  await using scene = await openScene(url)
  proxy.hang()
  const until = performance.now() + form(4_000, 15_000)
  while (performance.now() < until) {
    await whisper(scene)
    await sleep(200)
  }
  proxy.heal()
  await waitForUsualConnections(directUrl, 3)
  const { complaints, members, rejected } = await scene.finish()
  expect(complaints).toEqual([])
  expect(rejected.unavailable).toBeGreaterThan(0)
  for (const member of members) {
    expectInTime(member)
    expect(member.stats).toMatchObject({ state: 'connected', resets: 0 })
    // A connection is given up after 5 s of silence.
    if (!isFull) continue
    expect(member.statuses).toEqual(expect.arrayContaining(['reconnecting', 'connected']))
  }
})

test.concurrent('never heals: rejected in time, and the layer still closes', async ({ expect }) => {
  const { proxy: opened, url } = await listenProxy()
  await using proxy = opened
  await using scene = await openScene(url)
  proxy.hang()
  await sleep(DEADLINE_MS)
  await whisper(scene)
  await Promise.all(scene.publishers.map((publisher) => publisher.call('stop', false)))
  const records = await Promise.all(
    scene.members.map((member) => member.call<MemberRecord>('record')),
  )
  for (const record of records) expectInTime(record)
  // Which takes its time to give up: 10 s.
  if (isFull) await Promise.all(scene.members.map((member) => member.call('disconnect')))
  expect(scene.members.map(({ output }) => output).join('')).toBe('')
})
