// The wrapper backends do what they are for, seen on a backend that only records.

import {
  type BackendContext,
  type BackendSink,
  type ChannelBackend,
  isChanError,
  Message,
  START,
  systemClock,
} from '@chan/core/backend'
import { expect, test } from 'vitest'
import { Faulty } from '../src/backend/faulty.js'
import { lossy, shuffled } from '../src/index.js'
import { turns } from '../src/until.js'

/** A backend that answers every call with its arguments, and lets the test call back. */
function recorder() {
  const calls: unknown[][] = []
  let sink: BackendSink | undefined
  const backend = new Proxy({} as ChannelBackend, {
    get(_target, key) {
      if (key === 'facts') return { crossProcess: false, durable: false, maxMessageBytes: 100 }
      if (key === 'stats') return () => ({ calls: calls.length })
      if (key === 'open') {
        return async (context: BackendContext) => {
          sink = context.sink
        }
      }
      return async (...args: unknown[]) => {
        calls.push([key, ...args])
        return args[0]
      }
    },
  })
  return { backend, calls, sink: () => sink as BackendSink }
}

async function opened(backend: ChannelBackend) {
  const delivered: (number | undefined)[] = []
  const gaps: (string | null)[] = []
  const sink: BackendSink = {
    deliver: (_channel, message) => delivered.push(message.offset),
    presence: () => delivered.push(-1),
    gap: (channel) => gaps.push(channel),
    status: () => {},
    report: () => {},
  }
  await backend.open({ sink, clock: systemClock })
  return { delivered, gaps }
}

const message = (offset?: number) =>
  Message.fromStored({ channel: 'a', body: '1', sender: null, timestamp: 0, offset, epoch: 'e' })
const join = { type: 'join', previous: 0, version: 1, entries: [] } as const
const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1)

test('lossy drops and doubles a share, owns up to every drop, and spares ephemeral messages', async () => {
  const inner = recorder()
  const backend = lossy(inner.backend, 5)
  const { delivered, gaps } = await opened(backend)
  for (const offset of upTo(1_000)) inner.sink().deliver('a', message(offset))
  const distinct = new Set(delivered)
  expect(distinct.size > 700 && distinct.size < 900).toBe(true)
  expect(delivered.length).toBeGreaterThan(distinct.size)
  await turns()
  expect(gaps.length).toBe(1_000 - distinct.size)
  expect(gaps.includes(null)).toBe(true)
  delivered.length = 0
  for (let i = 0; i < 100; i++) inner.sink().deliver('a', message())
  inner.sink().presence('a', join)
  expect(delivered).toEqual([...Array.from({ length: 100 }, () => undefined), -1])
  expect(backend.facts.crossProcess).toBe(true)
  expect(backend.stats()).toEqual({ calls: 0 })
})

test('lossy with a seed repeats itself; other shares can be chosen; closed, it is silent', async () => {
  const run = async (seed: number, dropped: number) => {
    const inner = recorder()
    const backend = lossy(inner.backend, seed, { dropped, doubled: 0, presence: dropped })
    const { delivered, gaps } = await opened(backend)
    for (const offset of upTo(50)) inner.sink().deliver('a', message(offset))
    inner.sink().presence('a', join)
    await backend.close()
    await turns()
    return { delivered, gaps }
  }
  expect((await run(1, 0.5)).delivered).toEqual((await run(1, 0.5)).delivered)
  expect((await run(1, 0.5)).delivered).not.toEqual((await run(2, 0.5)).delivered)
  expect((await run(1, 0)).delivered).toEqual([...upTo(50), -1])
  const all = await run(1, 1)
  expect(all.delivered).toEqual([])
  // The gaps were on their way when it closed.
  expect(all.gaps.length).toBeLessThan(51)
})

test('shuffled passes every call on with its arguments, and its answer back', async () => {
  const inner = recorder()
  const backend = shuffled(inner.backend, 5)
  await opened(backend)
  const entry = { userId: 'u', joinedAt: 0, metadata: '{}' }
  const calls: readonly (readonly [keyof ChannelBackend, ...unknown[]])[] = [
    ['append', 'a', {}, {}],
    ['appendEach', ['a', 'b'], {}, () => ({})],
    ['appendEach', [], {}, () => ({})],
    ['enqueue', { query: () => ({}) }, 'a', {}, {}],
    ['read', 'a', START, { messages: 5, bytes: 9 }],
    ['history', 'a', {}, {}, { messages: 5, bytes: 9 }],
    ['clear', 'a'],
    ['watch', 'a'],
    ['unwatch', 'a'],
    ['put', 'a', 'h', entry],
    ['remove', 'a', 'u', 'h', 'left'],
    ['list', 'a'],
    ['clearPresence', 'a'],
    ['addMember', 'g', 'a', null],
    ['removeMember', 'g', 'a', 'h'],
    ['members', 'g'],
    ['reportInterest', new Map()],
    ['totalInterest', 'a'],
  ]
  for (const [name, ...args] of calls) {
    const method = backend[name] as (...args: readonly unknown[]) => Promise<unknown>
    expect(await method.apply(backend, args)).toEqual(args[0])
    expect(inner.calls.at(-1)).toEqual([name, ...args])
  }
  await backend.close()
  await backend.close()
  expect(inner.calls.filter(([name]) => name === 'close').length).toBe(1)
  const refused = await backend
    .read('a', START, { messages: 1, bytes: 1 })
    .catch((error: unknown) => error)
  expect(isChanError(refused, 'layer-closed')).toBe(true)
})

test('shuffled callbacks come late and in order, and none after close', async () => {
  const inner = recorder()
  const backend = shuffled(inner.backend, 5)
  const { delivered } = await opened(backend)
  for (const offset of upTo(50)) inner.sink().deliver('a', message(offset))
  expect(delivered.length).toBeLessThan(50)
  await turns(300)
  expect(delivered).toEqual(upTo(50))
  for (const offset of upTo(50)) inner.sink().deliver('a', message(offset))
  const closing = backend.close()
  const { length } = delivered
  await closing
  await turns(300)
  expect(delivered.length).toBe(length)
})

test('faulty fails as often as it was told, hangs, goes deaf, and owns up', async () => {
  const inner = recorder()
  const faulty = new Faulty(inner.backend)
  const { delivered, gaps } = await opened(faulty.backend)
  faulty.fail('watch', 'one', 'two')
  const watching = ['a', 'b', 'c'].map((name) => faulty.backend.watch(name).catch((error) => error))
  expect(await Promise.all(watching)).toEqual(['one', 'two', 'c'])
  expect(inner.calls).toEqual([['watch', 'c']])
  faulty.hang('unwatch')
  const hanging = faulty.backend.unwatch('a').then(() => 'settled')
  expect(await Promise.race([hanging, turns().then(() => 'hangs')])).toBe('hangs')
  faulty.deaf = true
  inner.sink().deliver('a', message(1))
  inner.sink().gap('a', 'overflow')
  expect([delivered, gaps]).toEqual([[], []])
  faulty.gap(null)
  inner.sink().deliver('a', message(2))
  expect([delivered, gaps]).toEqual([[2], [null]])
})
