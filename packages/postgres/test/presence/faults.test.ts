import { TcpProxy } from '@chan/conformance'
import { waitFor } from '@chan/testkit'
import { afterEach, describe, expect, test } from 'vitest'
import { newName, testCluster } from './cluster.js'
import type { Process } from './process.js'

const cluster = testCluster()
const proxies: TcpProxy[] = []

afterEach(async () => {
  await Promise.all(proxies.splice(0).map((proxy) => proxy.close()))
})

/** A way to the database that can be broken. */
async function breakable(): Promise<{ readonly proxy: TcpProxy; readonly url: string }> {
  const url = new URL(cluster.url)
  const proxy = await TcpProxy.listen({ host: url.hostname, port: Number(url.port || 5432) })
  proxies.push(proxy)
  url.host = `127.0.0.1:${proxy.port}`
  return { proxy, url: url.href }
}

/** A process whose publisher can be cut off while it goes on listening. */
async function joinBreakable(): Promise<{ readonly process: Process; readonly proxy: TcpProxy }> {
  const { proxy, url } = await breakable()
  return { proxy, process: await cluster.join({ url, listenUrl: cluster.url }) }
}

const isPublisher = (opening: Buffer) => opening.includes('publisher')

/** Runs something while nobody else can write. */
async function whileLocked<T>(task: () => Promise<T>): Promise<T> {
  const holder = await cluster.join()
  const session = await holder.publisher.whenReady(1_000)
  await session.query('begin')
  await session.query('select pg_advisory_xact_lock(lock_class, 0) from chan.meta')
  try {
    return await task()
  } finally {
    await session.query('commit')
    await holder.close()
  }
}

const isWaiting = async () => {
  const rows = await cluster.sql(
    `select from pg_stat_activity where datname = current_database()
      and query like '%presence_apply%' and wait_event = 'advisory'`,
  )
  return rows.length > 0
}

describe('the publisher', () => {
  test('lost with operations under way answers what became of them', async () => {
    const channel = newName()
    const { process, proxy } = await joinBreakable()
    await process.put(channel, 'alice')
    const answers = await whileLocked(async () => {
      const calls = [
        process.put(channel, 'bob'),
        process.release(channel, 'alice'),
        process.release(channel, 'alice'),
      ] as const
      await waitFor(isWaiting)
      // The server goes on with what it has; the answer has nowhere to go.
      proxy.cut(isPublisher)
      return calls
    }).then((calls) => Promise.all(calls))
    expect(answers).toMatchObject([{ first: true }, { last: true }, { last: false }])
    expect(await process.userIds(channel)).toEqual(['bob'])
    await waitFor(() => process.story(channel).length === 3)
    expect(process.story(channel)).toEqual(['alice join', 'bob join', 'alice leave:left'])
  }, 20_000)

  test('cut every moment under a flood: each answer is true, and everything agrees', async () => {
    const channel = newName()
    const watcher = await cluster.join()
    const broken = await Promise.all([joinBreakable(), joinBreakable()])
    let done = false
    const progress = [0, 0]
    const flood = broken.map(async ({ process }, at) => {
      let [firsts, lasts] = [0, 0]
      for (let round = 0; round < 150; round++) {
        const user = `user-${round % 3}`
        if ((await process.put(channel, user, `${round % 2}`)).first) firsts++
        if ((await process.release(channel, user, `${(round + at) % 2}`)).last) lasts++
        progress[at] = round + 1
      }
      for (const user of ['user-0', 'user-1', 'user-2']) {
        for (const hold of ['0', '1'])
          if ((await process.release(channel, user, hold)).last) lasts++
      }
      return [firsts, lasts] as const
    })
    const cutting = (async () => {
      const seen = [0, 0]
      for (let at = 0; !done; at = 1 - at) {
        await new Promise((resolve) => setTimeout(resolve, 25))
        // On a busy machine one that is cut more often than it can connect would never get done.
        if (seen[at] === progress[at]) continue
        seen[at] = progress[at] as number
        broken[at]?.proxy.cut(isPublisher)
      }
    })()
    const counts = await Promise.all(flood).finally(() => {
      done = true
    })
    await cutting
    const [firsts, lasts] = [0, 1].map((at) =>
      counts.reduce((sum, count) => sum + (count[at] as number), 0),
    )
    expect(firsts).toBe(lasts)
    const { version, entries } = await watcher.parts.presence.list(channel)
    expect(entries).toEqual([])
    await waitFor(() => watcher.heard.at(-1)?.change.version === version)
    const story = watcher.story(channel)
    expect(story.filter((line) => line.endsWith('join')).length).toBe(firsts)
    expect(story.filter((line) => line.endsWith('leave:left')).length).toBe(lasts)
    const reconnects = broken.reduce((sum, { process }) => sum + process.publisher.reconnects, 0)
    expect(reconnects).toBeGreaterThan(2)
  }, 60_000)

  test('away for longer than the deadline: puts are refused for good, releases are kept', async () => {
    const channel = newName()
    const { process, proxy } = await joinBreakable()
    await process.put(channel, 'alice')
    proxy.refuse()
    proxy.cut()
    const codes = await Promise.all(
      [process.put(channel, 'bob'), process.release(channel, 'alice')].map((call) =>
        call.then(
          () => 'done',
          (error) => error.code,
        ),
      ),
    )
    expect(codes.every((code) => code === 'unavailable' || code === 'outcome-unknown')).toBe(true)
    await proxy.accept()
    await waitFor(() => process.story(channel).includes('alice leave:left'), { deadlineMs: 10_000 })
    await process.put(channel, 'carol')
    expect(await process.userIds(channel)).toEqual(['carol'])
    expect(process.parts.stats().holds).toBe(1)
  }, 30_000)
})

describe('the LISTEN session', () => {
  test('that missed what others ended learns of it, and never puts it again', async () => {
    const [channel, group] = [newName(), newName()]
    const { proxy, url } = await breakable()
    const one = await cluster.join({ listenUrl: url })
    const other = await cluster.join()
    await Promise.all(['alice', 'bob'].map((user) => one.put(channel, user)))
    await one.parts.groups.addMember(group, 'a', 'h')
    await other.put(newName(), 'x')
    proxy.refuse()
    proxy.cut()
    await waitFor(() => one.listener.state !== 'connected')
    await other.release(channel, 'alice', null)
    await other.parts.groups.removeMember(group, 'a', null)
    await proxy.accept()
    await waitFor(() => one.listener.state === 'connected')
    await waitFor(() => one.parts.stats().holds === 1)
    await takeOut('bob', channel)
    await waitFor(() => other.story(channel).at(-1) === 'bob join')
    expect(await other.userIds(channel)).toEqual(['bob'])
    expect(await other.parts.groups.members(group)).toEqual([])
  }, 20_000)

  test('silent for longer than the others wait: users leave, and return with it', async () => {
    const channel = newName()
    const { proxy, url } = await breakable()
    const one = await cluster.join({ listenUrl: url })
    const other = await cluster.join()
    await one.put(channel, 'alice')
    await waitFor(() => other.parts.stats().processes === 2)
    proxy.refuse()
    proxy.cut()
    await waitFor(() => other.story(channel).length === 2)
    // There is nothing to hold a user by.
    const early = one.put(channel, 'bob')
    early.catch(() => {})
    await waitFor(() => one.parts.stats().presenceWaiting === 1)
    await proxy.accept()
    expect(await early).toMatchObject({ first: true })
    await waitFor(() => other.story(channel).length === 4)
    expect(other.story(channel)).toEqual([
      'alice join',
      'alice leave:timed-out',
      'alice join',
      'bob join',
    ])
  }, 20_000)
})

/** Takes out the process that holds the user, as an administrator might. */
async function takeOut(user: string, channel: string): Promise<void> {
  await cluster.sql(
    `select chan.end_node(f, h.node, 'reaped', 'timed-out') from chan.hold h, chan.begin_write() f
      where h.user_id = $1 and h.channel = $2`,
    [user, channel],
  )
}
