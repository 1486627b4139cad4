// Pages of history: over the slots and what was kept of them, and no more of them read than is given.
import type { HistoryLimits, HistoryPage, PageLimit, Position } from '@chan/core/backend'
import { expect, test } from 'vitest'
import { History } from '../../src/log/history.js'
import { rotateOld } from '../housekeeping/rotating.js'
import { type Published, scene } from '../housekeeping/scene.js'

const db = scene()
const history = new History('"chan"', (text, values) => db.query(text, values))
const limits: HistoryLimits = { maxHistory: 1_000, historyTtlMs: null, explicit: true }

/** The data of each page, from the oldest to the newest. */
async function pages(channel: string, limit: PageLimit, inForce = limits): Promise<unknown[][]> {
  const found: unknown[][] = []
  let page: HistoryPage
  let since: Position | undefined
  do {
    page = await history.show(channel, since ? { since } : {}, inForce, limit, Date.now())
    found.push(page.messages.map(({ data }) => data))
    const last = page.messages.at(-1)
    since = { epoch: last?.epoch as string, offset: last?.offset as number }
  } while (page.more)
  return found
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n)
const numbers = (channel: string, from: number, to: number): Published[] =>
  range(from, to).map((n) => ({ channel, body: `${n}`, maxHistory: 1_000 }))

test('pages join up over slots, kept ones and both at once, while they are emptied', async () => {
  await db.append(numbers('c', 10, 40))
  const sevens = (to: number) =>
    range(0, Math.ceil((to - 10) / 7)).map((n) => range(10 + 7 * n, Math.min(to, 17 + 7 * n)))
  // 'left', 'kept', 'settled', 'emptied': after 'kept' every row is in two places.
  for (let top = 40; top < 100; top += 10) {
    expect(await pages('c', { messages: 7, bytes: Infinity })).toEqual(sevens(top))
    // Every body has two bytes.
    expect(await pages('c', { messages: 100, bytes: 13 })).toEqual(sevens(top))
    await rotateOld(db)
    await db.append(numbers('c', top, top + 10))
  }
})

test('a body that many share counts where it is shown', async () => {
  const body = JSON.stringify('x'.repeat(498))
  for (let n = 0; n < 5; n++) {
    const both = ['one', 'two'].map((channel) => ({ channel, body, maxHistory: 1_000 }))
    await db.append(both, true)
  }
  const lengths = async (bytes: number) =>
    (await pages('two', { messages: 100, bytes })).map(({ length }) => length)
  expect(await lengths(1_000)).toEqual([2, 2, 1])
  expect(await lengths(1_001)).toEqual([3, 2])
})

test('an age limit leaves no empty page in between', async () => {
  await db.append(numbers('aged', 0, 50))
  await db.query(`update chan.log l set ts = ts - 7200 from chan.channel c
    where c.id = l.channel_id and c.name = 'aged' and l."offset" not in (5, 30, 31, 32)`)
  const hour = { ...limits, historyTtlMs: 3_600_000 }
  expect(await pages('aged', { messages: 2, bytes: 1_000 }, hour)).toEqual([
    [4, 29],
    [30, 31],
  ])
  await db.query('update chan.log set ts = ts - 7200')
  expect(await pages('aged', { messages: 2, bytes: 1_000 }, hour)).toEqual([[]])
})

test('bodies that a page does not hold are not read, and nothing is compiled', async () => {
  const large = { channel: 'large', body: JSON.stringify('x'.repeat(300_000)), maxHistory: 1_000 }
  for (let n = 0; n < 4; n++) await db.append(Array.from({ length: 3 }, () => large))
  const client = await db.client()
  await client.query('set jit = on; set jit_above_cost = 0')
  const explain = `explain (analyze, buffers, format json) select length("offset"::text || body)
    from chan.history_range('large', 0, 12, null, 256, 500000)`
  // A new session reads the catalogue first.
  await client.query(explain)
  const { rows } = await client.query(explain)
  const [{ Plan: plan, JIT: compiled }] = rows[0]['QUERY PLAN']
  expect(plan['Actual Rows']).toBe(2)
  // One body is about forty blocks.
  expect(plan['Shared Hit Blocks'] + plan['Shared Read Blocks']).toBeLessThan(200)
  expect(compiled).toBeUndefined()
})
