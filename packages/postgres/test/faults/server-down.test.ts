// The whole server goes away under load, cleanly or not, and comes back with its data.
import { setTimeout as sleep } from 'node:timers/promises'
import { type PostgresServer, startPostgres } from '@chan/testkit'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { waitForUsualConnections } from './scene/activity.js'
import { flickers, moveIn, names, noticesOf } from './scene/attendance.js'
import { form } from './scene/form.js'
import { Scene } from './scene/scene.js'

vi.setConfig({ testTimeout: 180_000 })

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres({ sync: true })
}, 60_000)
afterAll(() => server.close())

const ROOMS = names('room ', 10)

async function expectNobodyMoved({ members }: Scene, residents: readonly string[]): Promise<void> {
  for (const member of members) {
    const notices = await noticesOf(member)
    expect(flickers(notices, residents)).toEqual([])
    expect(notices.filter(({ type }) => type !== 'sync')).toEqual([])
    expect(await member.call('present', ROOMS)).toEqual(ROOMS.map(() => residents))
  }
}

test('restarted cleanly: delivery resumes by itself, nobody leaves or joins', async () => {
  await using scene = await Scene.open({ databaseUrl: await server.createDatabase() })
  const residents = await moveIn(scene, ROOMS)
  await scene.start()
  await server.stop()
  await sleep(form(2_000, 8_000))
  await server.start()
  await waitForUsualConnections(scene.url, 3)
  // Whoever is believed to be dead after a restart leaves 10 s later.
  await sleep(form(0, 12_000))
  const { complaints, members } = await scene.finish()
  expect(complaints).toEqual([])
  await expectNobodyMoved(scene, residents)
  for (const { stats, statuses } of members) {
    expect(stats).toMatchObject({ state: 'connected', resets: 0 })
    expect(statuses).toEqual(expect.arrayContaining(['reconnecting', 'connected']))
  }
})

test('killed: a durable log loses nothing, an unlogged one begins a new epoch and says so', async () => {
  const perSecond = 250
  const [databaseUrl, unloggedUrl] = [await server.createDatabase(), await server.createDatabase()]
  await using durable = await Scene.open({ databaseUrl, perSecond })
  const layer = { durability: 'unlogged' } as const
  await using unlogged = await Scene.open({ databaseUrl: unloggedUrl, perSecond, layer })
  const residents = await moveIn(durable, ROOMS)
  await moveIn(unlogged, ROOMS)
  await Promise.all([durable.start(), unlogged.start()])
  const kills = form(1, 3)
  for (let kill = 0; kill < kills; kill++) {
    await server.kill()
    await sleep(form(500, 2_000))
    await server.start()
    await Promise.all(
      [durable, unlogged].map(async (scene) => {
        await waitForUsualConnections(scene.url, 3)
        await scene.goOn()
      }),
    )
  }

  await sleep(form(0, 12_000))
  const kept = await durable.finish()
  expect(kept.complaints).toEqual([])
  for (const { stats } of kept.members) expect(stats.resets).toBe(0)

  const lost = await unlogged.finish({ mayReset: true })
  expect(lost.complaints).toEqual([])
  for (const { heard } of lost.members) {
    for (const events of heard.values()) {
      // A reset came with each crash (on a busy machine one may come in two), and delivery went on.
      const resets = events.filter((event) => 'reset' in event)
      expect(resets.length).toBeGreaterThanOrEqual(kills)
      expect(resets.length).toBeLessThanOrEqual(2 * kills)
      expect(events.at(-1)).toHaveProperty('seq')
    }
  }
  for (const scene of [durable, unlogged]) await expectNobodyMoved(scene, residents)
})
