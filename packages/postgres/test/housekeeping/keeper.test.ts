// The keeper at work, as fast as it may be told to be: the log empties itself behind the publishers.
import { systemClock } from '@chan/core/backend'
import { waitFor } from '@chan/testkit'
import { expect, test } from 'vitest'
import { Keeper } from '../../src/housekeeping/keeper.js'
import { scene } from './scene.js'

const db = scene()

test('rotates by itself, pauses, goes on, and ends', async () => {
  const reported: unknown[] = []
  let asked = 0
  const keeper = new Keeper({
    clock: systemClock,
    schema: '"chan"',
    query: async (text, values) => {
      asked++
      return (await db.query(text, values)) as never
    },
    ...{ recoveryMs: 1_000, recoveryBytes: 1e8, idempotencyMs: 300_000, idleChannelTtlMs: 1e10 },
    processes: () => 3,
    report: (error) => reported.push(error),
  })
  keeper.start()
  const logged = async () =>
    (await db.one<{ n: number }>('select count(*)::int as n from chan.log where channel_id > 0')).n
  const published: string[] = []
  for (let round = 0; round < 2; round++) {
    for (let n = 0; n < 5; n++) published.push(`${round * 5 + n}`)
    await db.append(published.slice(-5).map((body) => ({ channel: 'c', body })))
    await waitFor(async () => (await logged()) === 0, { deadlineMs: 30_000 })
    expect(await db.stored('c')).toEqual(published)
  }
  expect(keeper.rotations).toBeGreaterThanOrEqual(2)
  keeper.pause()
  await waitFor(
    async () => {
      const before = asked
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      return asked === before
    },
    { deadlineMs: 20_000 },
  )
  keeper.start()
  const paused = asked
  await waitFor(() => asked > paused)
  await keeper.close()
  const closed = asked
  keeper.start()
  await new Promise((resolve) => setImmediate(resolve))
  expect(asked).toBe(closed)
  expect(reported).toEqual([])
}, 120_000)
