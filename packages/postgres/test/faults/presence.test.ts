// Users leave with their process: once, in time, with the reason. Nobody else flickers.
import { setTimeout as sleep } from 'node:timers/promises'
import { type PostgresServer, startPostgres, type Worker } from '@chan/testkit'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import {
  countChanges,
  flickers,
  moveIn,
  names,
  noticesOf,
  waitForChanges,
} from './scene/attendance.js'
import { form } from './scene/form.js'
import { Scene, startMember } from './scene/scene.js'

vi.setConfig({ testTimeout: 240_000 })

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres({ sync: true })
}, 60_000)
afterAll(() => server.close())

const openScene = async (perSecond?: number) =>
  Scene.open({ databaseUrl: await server.createDatabase(), ...(perSecond && { perSecond }) })

const lateness = (member: Worker) => member.call<number>('lateness')

test('a process killed with 1,000 presences: all leave within 2 s, once, timed out', async () => {
  await using scene = await openScene(form(100, 500))
  const rooms = names('room ', 50)
  const residents = await moveIn(scene, rooms)
  await using victim = await startMember({ name: 'victim', layer: { databaseUrl: scene.url } })
  await victim.call('join', rooms, names('guest ', 20))
  for (const member of scene.members) await waitForChanges(member, 'join', 1_000)
  await scene.start()

  const before = await Promise.all(scene.members.map(lateness))
  await victim.kill()
  const killed = Date.now()
  await Promise.all(
    scene.members.map(async (member, index) => {
      const told = await waitForChanges(member, 'leave', 1_000)
      const late = (await lateness(member)) - (before[index] as number)
      expect(Math.max(...told.map(({ at }) => at)) - killed - late).toBeLessThan(2_000)
      expect([...new Set(told.map(({ reason }) => reason))]).toEqual(['timed-out'])
    }),
  )
  expect(await scene.finish()).toMatchObject({ complaints: [], rejected: {} })
  for (const member of scene.members) {
    const notices = await noticesOf(member)
    expect(flickers(notices, residents)).toEqual([])
    const leaves = [...countChanges(notices, 'leave').values()]
    expect(leaves).toEqual(Array(1_000).fill(1))
    expect(await member.call('present', rooms)).toEqual(rooms.map(() => residents))
  }
})

test('the last two connections of a user close in two processes at once: one leave', async () => {
  await using scene = await openScene()
  const [one, other, observer] = scene.members as [Worker, Worker, Worker]
  const users = names('user ', form(200, 1_000))
  await observer.call('observe', ['room'])
  await Promise.all([one, other].map((member) => member.call('connect', 'room', users)))
  await waitForChanges(observer, 'join', users.length)
  await Promise.all([one, other].map((member) => member.call('hangUp')))
  await waitForChanges(observer, 'leave', users.length)
  expect(await observer.call('present', ['room'])).toEqual([[]])
  const notices = await noticesOf(observer)
  for (const type of ['join', 'leave'] as const) {
    expect([...countChanges(notices, type).values()]).toEqual(users.map(() => 1))
  }
})

test.concurrent.for([
  { name: 'in a quiet cluster', perSecond: 0 },
  { name: 'while flooded', perSecond: form(250, 500) },
])(
  'a process stopped, $name: short is nothing, long is a departure and a return',
  async ({ perSecond }, { expect }) => {
    await using scene = await openScene(perSecond)
    const rooms = names('room ', 10)
    const residents = await moveIn(scene, rooms)
    const [first, second, stopped] = scene.members as [Worker, Worker, Worker]
    const others = [first, second]
    if (perSecond > 0) await scene.start()

    stopped.pause()
    await sleep(form(2_000, 5_000))
    stopped.resume()
    if (perSecond > 0) await scene.goOn()
    expect(await stopped.call('present', rooms)).toEqual(rooms.map(() => residents))
    for (const member of scene.members) {
      expect(flickers(await noticesOf(member), residents)).toEqual([])
    }

    const before = await Promise.all(others.map(lateness))
    const pausedAt = Date.now()
    stopped.pause()
    await Promise.all(
      others.map(async (member, index) => {
        const told = await waitForChanges(member, 'leave', rooms.length)
        const late = (await lateness(member)) - (before[index] as number)
        expect(Math.max(...told.map(({ at }) => at)) - pausedAt - late).toBeLessThan(15_000)
        expect([...new Set(told.map(({ reason }) => reason))]).toEqual(['timed-out'])
      }),
    )
    await sleep(form(0, 30_000 - (Date.now() - pausedAt)))
    stopped.resume()
    for (const member of others) await waitForChanges(member, 'join', rooms.length)

    if (perSecond > 0) expect((await scene.finish()).complaints).toEqual([])
    for (const member of others) {
      const notices = await noticesOf(member)
      expect(flickers(notices, residents.slice(0, 2))).toEqual([])
      for (const type of ['join', 'leave'] as const) {
        expect([...countChanges(notices, type).values()]).toEqual(rooms.map(() => 1))
      }
    }
    expect(flickers(await noticesOf(stopped), residents.slice(0, 2))).toEqual([])
    for (const member of scene.members) {
      expect(await member.call('present', rooms)).toEqual(rooms.map(() => residents))
    }
  },
)
