import { waitFor } from '@chan/testkit'
import { describe, expect, test } from 'vitest'
import { newName, testCluster } from './cluster.js'
import type { Process } from './process.js'

const cluster = testCluster()

const pair = async () => [await cluster.join(), await cluster.join()] as const

describe('presence', () => {
  test('a user comes with the first hold and leaves with the last', async () => {
    const channel = newName()
    const [one, other] = await pair()
    expect(await one.put(channel, 'alice', 'a')).toMatchObject({ first: true })
    expect(await one.put(channel, 'alice', 'b')).toMatchObject({ first: false })
    expect(await other.put(channel, 'alice', 'a')).toMatchObject({ first: false })
    expect(await one.release(channel, 'alice', 'a')).toEqual({ last: false })
    expect(await one.release(channel, 'alice', 'a')).toEqual({ last: false })
    expect(await one.release(channel, 'alice', 'b')).toEqual({ last: false })
    expect(await one.userIds(channel)).toEqual(['alice'])
    expect(await other.release(channel, 'alice', 'a')).toEqual({ last: true })
    expect(await one.userIds(channel)).toEqual([])
    for (const process of [one, other]) {
      await waitFor(() => process.story(channel).length === 2)
      expect(process.story(channel)).toEqual(['alice join', 'alice leave:left'])
    }
  })

  test('the last two holds of a user released at once, 1,000 times: exactly one last', async () => {
    const channel = newName()
    const [one, other] = await pair()
    const trues = (answers: readonly boolean[]) => answers.filter(Boolean).length
    for (let round = 0; round < 1_000; round++) {
      const joins = await Promise.all([one.put(channel, 'alice'), other.put(channel, 'alice')])
      expect(trues(joins.map(({ first }) => first))).toBe(1)
      const leaves = await Promise.all(
        [one, other].map((process) => process.release(channel, 'alice')),
      )
      expect(trues(leaves.map(({ last }) => last))).toBe(1)
    }
    await waitFor(() => one.story(channel).length === 2_000)
    expectChain(one, channel)
  }, 60_000)

  test('changes chain from version to version without a hole, whoever makes them', async () => {
    const channels = [newName(), newName(), newName()]
    const processes = await Promise.all([cluster.join(), cluster.join(), cluster.join()])
    const watcher = processes[0] as Process
    await Promise.all(
      processes.flatMap((process) =>
        Array.from({ length: 100 }, async (_, round) => {
          const channel = channels[round % 3] as string
          await process.put(channel, `user-${round % 7}`, `${round % 2}`, { round })
          if (round % 5 === 0) await process.parts.presence.clearPresence(channel)
          else
            await process.release(channel, `user-${round % 7}`, round % 3 ? `${round % 2}` : null)
        }),
      ),
    )
    for (const channel of channels) {
      const { version, entries } = await watcher.parts.presence.list(channel)
      await waitFor(() => watcher.heard.some(({ change }) => change.version === version))
      expectChain(watcher, channel)
      const told = new Set<string>()
      for (const { change } of watcher.heard.filter((heard) => heard.channel === channel)) {
        for (const { userId } of change.entries) {
          expect(told.has(userId)).toBe(change.type !== 'join')
          if (change.type === 'leave') told.delete(userId)
          else told.add(userId)
        }
      }
      expect([...told].sort()).toEqual(entries.map(({ userId }) => userId).sort())
    }
  })

  test('clearing 3,000 users tells each once, in several changes', async () => {
    const channel = newName()
    const [one, other] = await pair()
    const users = Array.from({ length: 3_000 }, (_, n) => `user-${n}`)
    await Promise.all(users.map((user) => one.put(channel, user, 'h', { name: `Name of ${user}` })))
    await other.parts.presence.clearPresence(channel)
    expect(await one.parts.presence.list(channel)).toMatchObject({ entries: [] })
    await waitFor(() => other.story(channel).length === 6_000)
    expectChain(other, channel)
    expect(other.story(channel).slice(3_000)).toEqual(users.map((user) => `${user} leave:cleared`))
    const leaves = other.heard.filter(({ change }) => change.type === 'leave')
    expect(leaves.length).toBeGreaterThan(10)
    expect(leaves.length).toBeLessThan(100)
    expect(await one.release(channel, 'user-0')).toEqual({ last: false })
  }, 30_000)

  test('names, metadata and times of any legal kind come back as they were', async () => {
    const [one, other] = await pair()
    const names = [
      '__proto__',
      `O'Brien "x" \\ % {}`,
      '用户🔑',
      ' ',
      '\u00a0\u2028',
      '{"a","b"}',
      'é'.repeat(127),
    ]
    const times = [0, 0.1, 1e21, 5e-7, 1_700_000_000.123_456_7, Number.MAX_SAFE_INTEGER, 1.5]
    const metadata = '{ "__proto__" : {"a":"\\u0000\\ud800"}, "n": 12345678901234567890 }'
    for (const [at, name] of names.entries()) {
      const channel = `${newName()}${name}`
      const entry = { userId: name, joinedAt: times[at] as number, metadata }
      expect(await one.parts.presence.put(channel, name, entry)).toEqual({ first: true, entry })
      expect((await other.parts.presence.list(channel)).entries).toEqual([entry])
      await waitFor(() => other.heard.some((heard) => heard.channel === channel))
      expect(other.heard.find((heard) => heard.channel === channel)?.change.entries).toEqual([
        entry,
      ])
      expect(await one.parts.presence.remove(channel, name, name, 'left')).toEqual({ last: true })
    }
  })

  test('metadata of the greatest size fits with names of the greatest length', async () => {
    const channel = 'ü'.repeat(127)
    const [one, other] = await pair()
    const metadata = JSON.stringify({ text: 'x'.repeat(4_085) })
    expect(metadata.length).toBe(4_096)
    const users = ['a', 'b', 'c'].map((letter) => letter.repeat(255))
    for (const userId of users) {
      await one.parts.presence.put(channel, 'h', { userId, joinedAt: 1 / 3, metadata })
    }
    await one.parts.presence.clearPresence(channel)
    await waitFor(() => other.story(channel).length === 6)
    expectChain(other, channel)
    const tooLarge = JSON.stringify({ text: 'x'.repeat(8_000) })
    await expect(
      one.parts.presence.put(channel, 'h', { userId: 'a', joinedAt: 1, metadata: tooLarge }),
    ).rejects.toMatchObject({ code: 'payload-too-large' })
  })

  test('one refused operation fails alone, and the others keep their order', async () => {
    const channel = newName()
    const one = await cluster.join()
    const bad = { userId: 'bad', joinedAt: Number.NaN, metadata: '\u0000' }
    const answers = await Promise.allSettled([
      one.put(channel, 'alice'),
      one.parts.presence.put(channel, 'h', bad),
      one.release(channel, 'alice'),
      one.put(channel, 'bob'),
    ])
    expect(answers.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ])
    await waitFor(() => one.story(channel).length === 3)
    expect(one.story(channel)).toEqual(['alice join', 'alice leave:left', 'bob join'])
  })

  test('versions that are forgotten go on from above', async () => {
    const channel = newName()
    const one = await cluster.join()
    await one.put(channel, 'alice')
    await one.release(channel, 'alice')
    const before = (await one.parts.presence.list(channel)).version
    const rows = await cluster.sql<{ count: number }>(
      `select chan.forget_presence('0 seconds', 1000) as count`,
    )
    expect(rows[0]?.count).toBeGreaterThan(0)
    expect(await one.parts.presence.list(channel)).toEqual({ version: 0, entries: [] })
    await one.put(channel, 'bob')
    await cluster.sql(`select chan.forget_presence('0 seconds', 1000)`)
    const after = await one.parts.presence.list(channel)
    expect(after.version).toBeGreaterThan(before)
    expect(after.entries.length).toBe(1)
  })
})

/** Every change of the channel follows the one before it. */
function expectChain(process: Process, channel: string): void {
  let version = 0
  for (const { change } of process.heard.filter((heard) => heard.channel === channel)) {
    expect(change.previous).toBe(version)
    expect(change.version).toBeGreaterThan(version)
    version = change.version
  }
}
