// Reads of the backend: one for all who wait for the same page, and at most sixteen at a time.

import { type Position, START } from '@chan/protocol'
import { waitFor } from '@chan/testkit'
import { describe, expect, test } from 'vitest'
import { Reads } from '../src/hub/reads.js'
import type { HistoryPage, Page, PageLimit } from '../src/ports/log.js'
import { turn } from './feed-scene.js'

const LIMIT: PageLimit = { messages: 10, bytes: 1_000 }
const LIMITS = { maxHistory: 100, historyTtlMs: null, explicit: false }

/** A backend whose answers the test gives. */
function backend() {
  const asked: { channel: string; answer(page: unknown): void; fail(error: Error): void }[] = []
  const ask = <P>(channel: string) =>
    new Promise<P>((answer, fail) => {
      asked.push({ channel, answer: answer as (page: unknown) => void, fail })
    })
  const reads = new Reads({
    read: (channel) => ask<Page>(channel),
    history: (channel) => ask<HistoryPage>(channel),
  })
  return { asked, reads }
}

const PAGE: Page = { messages: [], top: START, truncated: false, floor: 0 }
const at = (offset: number): Position => ({ epoch: 'e', offset })

describe('shared reads', () => {
  test('ask once for all who want the same page while it is on its way', async () => {
    const { reads, asked } = backend()
    const [first, second] = [
      reads.shared('c', at(1), LIMIT),
      reads.shared('c', at(1), { ...LIMIT }),
    ]
    expect([first.fresh, second.fresh]).toEqual([true, false])
    await turn()
    expect(asked).toHaveLength(1)
    asked[0]?.answer(PAGE)
    expect(await first.page).toBe(PAGE)
    expect(await second.page).toBe(PAGE)
    const later = reads.shared('c', at(1), LIMIT)
    expect(later.fresh).toBe(true)
    await turn()
    expect(asked).toHaveLength(2)
  })

  test.each([
    ['channel', 'other', at(1), LIMIT],
    ['offset', 'c', at(2), LIMIT],
    ['epoch', 'c', { epoch: 'f', offset: 1 }, LIMIT],
    ['number of messages', 'c', at(1), { ...LIMIT, messages: 11 }],
    ['number of bytes', 'c', at(1), { ...LIMIT, bytes: 1_001 }],
  ] as const)('of another %s are others', async (_what, channel, after, limit) => {
    const { reads, asked } = backend()
    reads.shared('c', at(1), LIMIT)
    expect(reads.shared(channel, after, limit).fresh).toBe(true)
    await turn()
    expect(asked).toHaveLength(2)
  })

  test('that fail, fail for all, and are forgotten', async () => {
    const { reads, asked } = backend()
    const both = [reads.shared('c', at(1), LIMIT), reads.shared('c', at(1), LIMIT)]
    await turn()
    asked[0]?.fail(new Error('no database'))
    for (const { page } of both) await expect(page).rejects.toThrow('no database')
    const again = reads.shared('c', at(1), LIMIT)
    expect(again.fresh).toBe(true)
    await turn()
    asked[1]?.answer(PAGE)
    expect(await again.page).toBe(PAGE)
  })

  test('of history are shared among those who may see the same', async () => {
    const { reads, asked } = backend()
    const query = { before: at(9), limit: 5 }
    reads.history('c', query, LIMITS, LIMIT)
    expect(reads.history('c', { ...query }, { ...LIMITS }, LIMIT).fresh).toBe(false)
    expect(reads.history('c', { before: at(10), limit: 5 }, LIMITS, LIMIT).fresh).toBe(true)
    expect(reads.history('c', query, { ...LIMITS, maxHistory: 1 }, LIMIT).fresh).toBe(true)
    expect(reads.history('c', { before: at(9) }, LIMITS, LIMIT).fresh).toBe(true)
    expect(reads.shared('c', at(9), LIMIT).fresh).toBe(true)
    await turn()
    expect(asked).toHaveLength(5)
  })
})

test('fresh reads are nobody else’s: each asks', async () => {
  const { reads, asked } = backend()
  reads.shared('c', at(1), LIMIT)
  expect(reads.fresh('c', at(1), LIMIT).fresh).toBe(true)
  expect(reads.fresh('c', at(1), LIMIT).fresh).toBe(true)
  await turn()
  expect(asked).toHaveLength(3)
  // Nor is one that is shared later theirs.
  expect(reads.shared('c', at(1), LIMIT).fresh).toBe(false)
})

test('at most sixteen are under way, of all kinds; a failing one makes room as well', async () => {
  const { reads, asked } = backend()
  const pages: Promise<unknown>[] = []
  for (let n = 0; n < 12; n++) pages.push(reads.fresh(`fresh ${n}`, START, LIMIT).page)
  for (let n = 0; n < 12; n++) pages.push(reads.shared(`shared ${n}`, START, LIMIT).page)
  for (let n = 0; n < 12; n++) pages.push(reads.history(`h ${n}`, {}, LIMITS, LIMIT).page)
  const settled = Promise.allSettled(pages)
  await turn()
  expect(asked).toHaveLength(16)
  asked[0]?.answer(PAGE)
  asked[1]?.fail(new Error('no database'))
  await waitFor(() => asked.length === 18, { label: 'two more' })
  for (let n = 2; n < 36; n++) {
    await waitFor(() => asked[n], { label: `read ${n}`, intervalMs: 0 })
    expect(asked.length).toBeLessThanOrEqual(16 + n)
    asked[n]?.answer(PAGE)
  }
  expect((await settled).filter(({ status }) => status === 'fulfilled')).toHaveLength(35)
})
