// How far back messages can be read, whatever history shows: by age and by bytes, over all channels.

import { START } from '@chan/core/backend'
import { expect, test } from 'vitest'
import { atMost, EVERYTHING, LIMITS, open } from './open.js'

const NONE = { ...LIMITS, maxHistory: 0, explicit: true }

test('after recoveryMs a message is gone, unless history still shows it', async () => {
  const { clock, backend, publish, shown } = await open({ recoveryMs: 60_000 })
  await publish('hidden', 1, NONE)
  await publish('shown', 1)
  clock.advance(59_999)
  await publish('hidden', 2, NONE)
  expect((await backend.read('hidden', START, atMost(10))).messages.length).toBe(2)
  clock.advance(1)
  const page = await backend.read('hidden', START, atMost(10))
  expect([page.truncated, page.messages.length, page.top.offset]).toEqual([true, 0, 2])
  const rest = await backend.read('hidden', { epoch: page.top.epoch, offset: 1 }, atMost(10))
  expect(rest.messages.map((message) => message.data)).toEqual([2])
  // What is gone was never hidden for good.
  expect([page.floor, rest.floor]).toEqual([0, 0])
  expect(await shown('shown')).toEqual([1])
  expect((await backend.read('shown', START, atMost(10))).messages.length).toBe(1)
  clock.advance(60_000)
  await backend.read('hidden', START, atMost(1))
  expect(backend.stats().recoveryMessages).toBe(0)
  expect(backend.stats().recoveryBytes).toBe(0)
})

test('recoveryBytes is shared: a busy channel pushes out what others wrote before', async () => {
  const { backend, publish } = await open({ recoveryBytes: 10 * (256 + 1) })
  await publish('quiet', 1, NONE)
  for (let n = 1; n <= 9; n++) await publish('busy', n, NONE)
  expect((await backend.read('quiet', START, atMost(1))).truncated).toBe(false)
  await publish('busy', 0, NONE)
  expect((await backend.read('quiet', START, atMost(1))).truncated).toBe(true)
  expect((await backend.read('busy', START, atMost(1))).truncated).toBe(false)
  await publish('busy', 0, NONE)
  const { truncated, top } = await backend.read('busy', START, atMost(1))
  expect([truncated, top.offset]).toEqual([true, 11])
  expect(backend.stats().recoveryBytes).toBe(10 * (256 + 1))
})

test('a message larger than the whole tail is delivered and shown, but not recovered', async () => {
  const { backend, publish, shown, delivered } = await open({ recoveryBytes: 100 })
  await backend.watch('chat')
  await publish('chat', 'large')
  await publish('hidden', 'large', NONE)
  expect(delivered.length).toBe(1)
  expect(await shown('chat')).toEqual(['large'])
  expect((await backend.read('hidden', START, atMost(1))).truncated).toBe(true)
})

test('a lowered history limit frees what the tail does not need, a page at a time or at once', async () => {
  const { clock, backend, publish } = await open({ recoveryMs: 1_000 })
  for (let n = 1; n <= 500; n++) await publish('chat', n, { ...LIMITS, maxHistory: 500 })
  clock.advance(2_000)
  await publish('chat', 501, { ...LIMITS, maxHistory: 500 })
  const first = await backend.read('chat', START, atMost(10))
  expect(first.truncated).toBe(true)
  const { epoch } = first.top
  expect((await backend.read('chat', { epoch, offset: 1 }, atMost(10))).messages.length).toBe(10)
  await backend.history('chat', {}, { ...LIMITS, maxHistory: 5, explicit: true }, EVERYTHING)
  expect((await backend.read('chat', { epoch, offset: 495 }, atMost(10))).truncated).toBe(true)
  expect((await backend.read('chat', { epoch, offset: 496 }, atMost(10))).messages.length).toBe(5)
})
