// What waits for a batch: in order, bounded, and never longer than the deadline.

import { ManualClock } from '@chan/core/testing'
import { expect, test } from 'vitest'
import { Pending } from '../../src/publish/pending.js'
import { SharedUnit, SingleUnit } from '../../src/publish/unit.js'

const limits = { maxHistory: 1, historyTtlMs: null, explicit: false }

function entry(body: string) {
  return { body, bytes: body.length, sender: null, timestamp: 0, id: null, ephemeral: false }
}

function scene() {
  const clock = new ManualClock()
  const pending = new Pending(clock, 1_000, () => new Error('too late'))
  const outcomes: string[] = []
  const add = (body: string) => {
    const unit = new SingleUnit(pending.deadline(), 'chat', entry(body), limits)
    const failed = (error: unknown) => outcomes.push(`${body}: ${(error as Error).message}`)
    unit.then(() => {}, failed)
    try {
      pending.add(unit)
    } catch (error) {
      failed(error)
    }
  }
  return { clock, pending, outcomes, add }
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

test('batches hold 2,000 messages or 1 MB, and a shared one stands alone', () => {
  const { pending, add } = scene()
  for (let n = 0; n < 2_001; n++) add(`${n}`)
  expect(pending.take().length).toBe(2_000)
  expect(pending.take().map(({ items }) => items[0]?.entry.body)).toEqual(['2000'])
  for (let n = 0; n < 3; n++) add('x'.repeat(600_000))
  expect([pending.take().length, pending.take().length, pending.take().length]).toEqual([1, 1, 1])
  add('before')
  const items = ['a', 'b'].map((channel) => ({ channel, entry: entry('shared'), limits }))
  pending.add(
    new SharedUnit(
      pending.deadline(),
      items,
      () => {},
      () => {},
    ),
  )
  add('after')
  expect([pending.take().length, pending.take()[0]?.items.length, pending.take().length]).toEqual([
    1, 2, 1,
  ])
  expect([pending.take(), pending.length]).toEqual([[], 0])
})

test('above 10,000 messages or 64 MiB a publish is refused at once, and the others stay', async () => {
  const { pending, add, outcomes } = scene()
  for (let n = 0; n < 10_001; n++) add('x')
  await settled()
  expect(outcomes.length).toBe(1)
  expect(outcomes[0]).toContain('10000 publishes wait')
  expect(pending.length).toBe(10_000)
  const other = scene()
  for (let n = 0; n < 66; n++) other.add('y'.repeat(1024 * 1024))
  await settled()
  expect([other.outcomes.length, other.pending.length]).toEqual([2, 64])
})

test('who waited for the deadline is rejected, the later ones wait on', async () => {
  const { clock, pending, add, outcomes } = scene()
  add('first')
  clock.advance(600)
  add('second')
  clock.advance(399)
  await settled()
  expect(outcomes).toEqual([])
  clock.advance(1)
  await settled()
  expect(outcomes).toEqual(['first: too late'])
  expect(pending.length).toBe(1)
  clock.advance(600)
  await settled()
  expect(outcomes).toEqual(['first: too late', 'second: too late'])
  expect([pending.length, clock.pending]).toEqual([0, 0])
})

test('closing rejects what waits', async () => {
  const { pending, add, outcomes, clock } = scene()
  add('one')
  pending.close(new Error('closed'))
  await settled()
  expect([outcomes, clock.pending]).toEqual([['one: closed'], 0])
})
