import { startPostgres, startWorker, waitFor } from '@chan/testkit'
import { describe, expect, test } from 'vitest'
import { SessionConfig } from '../../src/connection/config.js'
import { Session } from '../../src/connection/session.js'
import { Lease } from '../../src/lease/lease.js'
import { newName, testCluster } from '../presence/cluster.js'
import { Process } from '../presence/process.js'
import { Lateness } from '../timing/lateness.js'

const cluster = testCluster()
const holderEntry = new URL('./holder.ts', import.meta.url)
const upTo = (count: number) => Array.from({ length: count }, (_, n) => `user-${n}`)

const terminate = (process: Process) =>
  cluster.sql('select pg_terminate_backend($1)', [process.listener.session?.processId])

describe('a process that died', () => {
  test('its users leave once, timed out, within 2 s; those held elsewhere stay', async () => {
    const channels = Array.from({ length: 50 }, newName)
    const users = upTo(20)
    const [one, other] = [await cluster.join(), await cluster.join()]
    await using holder = await startWorker(holderEntry, { args: [cluster.url] })
    await holder.call('hold', channels, users)
    await holder.call('hold', channels, ['both'])
    await Promise.all(channels.map((channel) => other.put(channel, 'both')))
    await waitFor(() => one.heard.length >= 50 * 21)
    using lateness = Lateness.watch()
    const killed = performance.now()
    await holder.kill()
    const left = (process: Process) =>
      process.heard
        .filter(({ change }) => change.type === 'leave')
        .flatMap((heard) => heard.change.entries)
    await waitFor(() => left(one).length >= 1_000 && left(other).length >= 1_000, {
      deadlineMs: 15_000,
      label: 'all leaves',
    })
    expect(performance.now() - killed - lateness.totalMs).toBeLessThan(2_000)
    expect(await one.userIds(channels[0] as string)).toEqual(['both'])
    for (const channel of channels) {
      for (const process of [one, other]) {
        const leaves = process.story(channel).filter((line) => line.includes('leave'))
        expect(leaves).toEqual(users.map((user) => `${user} leave:timed-out`))
      }
    }
    expect(one.parts.stats().reaped as number).toBe(1 - (other.parts.stats().reaped as number))
    expect(await other.release(channels[0] as string, 'both')).toEqual({ last: true })
  }, 30_000)

  test('is taken out by one of three who see it, with its groups and interest', async () => {
    const [channel, group] = [newName(), newName()]
    const observers = await Promise.all([cluster.join(), cluster.join(), cluster.join()])
    const doomed = await cluster.join()
    await doomed.put(channel, 'alice')
    await doomed.parts.groups.addMember(group, 'held', 'h')
    await doomed.parts.groups.addMember(group, 'added', null)
    await doomed.parts.interest.reportInterest(new Map([[channel, 3]]))
    await waitFor(() => observers.every((observer) => observer.parts.stats().processes === 4))
    await doomed.vanish()
    for (const observer of observers) {
      await waitFor(() => observer.story(channel).length === 2)
      expect(observer.story(channel)).toEqual(['alice join', 'alice leave:timed-out'])
      expect(await observer.parts.groups.members(group)).toEqual(['added'])
      expect(await observer.parts.interest.totalInterest(channel)).toBe(0)
    }
    const reaped = observers.reduce(
      (sum, observer) => sum + Number(observer.parts.stats().reaped),
      0,
    )
    expect(reaped).toBe(1)
  }, 30_000)

  test('leaves at once with a goodbye', async () => {
    const channel = newName()
    const [one, other] = [await cluster.join(), await cluster.join()]
    await one.put(channel, 'alice')
    await one.close()
    await waitFor(() => other.story(channel).length === 2)
    expect(other.story(channel)).toEqual(['alice join', 'alice leave:disconnected'])
    expect(other.parts.stats().reaped).toBe(0)
    await expect(one.put(channel, 'bob')).rejects.toMatchObject({ code: 'layer-closed' })
    await expect(one.userIds(channel)).rejects.toMatchObject({ code: 'layer-closed' })
  })
})

describe('a process that comes back', () => {
  test('on a new session keeps what it held, and nobody hears of it', async () => {
    const channel = newName()
    const [one, other] = [await cluster.join(), await cluster.join()]
    await one.put(channel, 'alice')
    await waitFor(() => other.parts.stats().processes === 2)
    for (let round = 1; round <= 5; round++) {
      await terminate(one)
      await waitFor(() => one.listener.reconnects === round)
      await one.put(channel, 'alice', `hold-${round}`)
    }
    // Longer than the others are patient.
    const marker = newName()
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    await one.put(marker, 'bob')
    await waitFor(() => other.story(marker).length === 1)
    expect(other.story(channel)).toEqual(['alice join'])
    expect(other.parts.stats().reaped).toBe(0)
    const rows = await cluster.sql('select from chan.node')
    expect(rows.length).toBe(2)
  }, 20_000)

  test('has its node again, or was taken out: never both', async () => {
    await cluster.join()
    const config = new SessionConfig(cluster.url)
    const lease = new Lease('chan')
    let session = await Session.open(config, { deadlineMs: 5_000 })
    let node = await lease.enter(session)
    // How much later than the reaper it comes back; drawn to where the two meet.
    let delayMs = 0
    for (let round = 0; round < 60; round++) {
      const [row] = await cluster.sql<{ incarnation: number }>(
        'select incarnation from chan.node where id = $1',
        [node.id],
      )
      const [next, reaper] = await Promise.all([
        Session.open(config, { deadlineMs: 5_000 }),
        Session.open(config, { deadlineMs: 5_000 }),
      ])
      session.destroy()
      const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)))
      const reap = async () => {
        await pause(-delayMs)
        for (let attempt = 0; attempt < 20; attempt++) {
          const rows = await reaper.query<{ reaped: boolean }>(
            'select chan.reap($1, $2) as reaped',
            [node.id, row?.incarnation],
          )
          if (rows[0]?.reaped) return true
        }
        return false
      }
      const enter = () => pause(delayMs).then(() => lease.enter(next))
      const [reaped, entered] = await Promise.all([reap(), enter()])
      await reaper.close()
      expect(entered.kept).toBe(!reaped)
      expect(entered.id === node.id).toBe(!reaped)
      delayMs += reaped ? -1 : 1
      session = next
      node = entered
    }
    await lease.depart(session, 1_000)
    await session.close()
  }, 30_000)

  test('after it was taken out puts everything again, but not what others ended', async () => {
    const [channel, group] = [newName(), newName()]
    const [one, other] = [await cluster.join(), await cluster.join()]
    await one.put(channel, 'alice', 'a', { name: 'Alice' }, 5)
    await one.put(channel, 'bob')
    await one.put(channel, 'carol')
    await one.parts.groups.addMember(group, 'kept', 'h')
    await one.parts.groups.addMember(group, 'discarded', 'h')
    await one.parts.interest.reportInterest(new Map([[channel, 3]]))
    expect(await other.release(channel, 'bob', null)).toEqual({ last: true })
    await other.parts.groups.removeMember(group, 'discarded', null)
    await waitFor(() => one.story(channel).length === 4 && one.parts.stats().holds === 3)
    await cluster.sql(
      `select chan.end_node(f, n.id, 'reaped', 'timed-out') from chan.node n, chan.begin_write() f
        where n.id = (select node from chan.hold where user_id = 'carol' and channel = $1)`,
      [channel],
    )
    await waitFor(async () => (await other.userIds(channel)).length === 2)
    await waitFor(async () => (await other.parts.interest.totalInterest(channel)) === 3)
    expect((await other.parts.presence.list(channel)).entries).toEqual([
      { userId: 'alice', joinedAt: 5, metadata: '{"name":"Alice"}' },
      { userId: 'carol', joinedAt: 1, metadata: '{}' },
    ])
    expect(await other.parts.groups.members(group)).toEqual(['kept'])
    await waitFor(() => other.story(channel).length === 8)
    expect(other.story(channel).slice(4)).toEqual([
      'alice leave:timed-out',
      'carol leave:timed-out',
      'alice join',
      'carol join',
    ])
    expect(await one.release(channel, 'alice', 'a')).toEqual({ last: true })
  }, 20_000)

  test('was stopped: for 5 s nothing happens; longer, and its users leave and return', async () => {
    const channel = newName()
    const observer = await cluster.join()
    await using holder = await startWorker(holderEntry, { args: [cluster.url] })
    await holder.call('hold', [channel], ['alice'])
    await waitFor(() => observer.parts.stats().processes === 2)
    holder.pause()
    await new Promise((resolve) => setTimeout(resolve, 5_000))
    expect(observer.story(channel)).toEqual(['alice join'])
    await waitFor(() => observer.story(channel).length > 1, { deadlineMs: 10_000 })
    expect(observer.story(channel)).toEqual(['alice join', 'alice leave:timed-out'])
    holder.resume()
    await waitFor(() => observer.story(channel).length > 2, { deadlineMs: 10_000 })
    expect(observer.story(channel).slice(2)).toEqual(['alice join'])
    expect(await holder.call('release', channel, 'alice')).toEqual({ last: true })
  }, 40_000)
})

describe('a server that was away', () => {
  test.each(['stop', 'kill'] as const)(
    '%s: nobody leaves, nobody joins',
    async (end) => {
      await using server = await startPostgres({ sync: true })
      const url = await server.createDatabase()
      const processes = await Promise.all([1, 2, 3].map(() => Process.start({ url })))
      const channel = newName()
      for (const [at, process] of processes.entries()) await process.put(channel, `user-${at}`)
      for (const process of processes) {
        await waitFor(
          () => process.story(channel).length === 3 && process.parts.stats().processes === 3,
        )
      }
      await server[end]()
      await new Promise((resolve) => setTimeout(resolve, 2_500))
      await server.start()
      for (const process of processes) {
        await waitFor(() => process.listener.state === 'connected', { deadlineMs: 15_000 })
      }
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      for (const [at, process] of processes.entries()) {
        expect(await process.put(channel, `user-${at}`)).toMatchObject({ first: false })
        expect(process.story(channel)).toEqual(upTo(3).map((user) => `${user} join`))
        expect(process.parts.stats().reaped).toBe(0)
      }
      await Promise.all(processes.map((process) => process.close()))
    },
    60_000,
  )
})
