// Which channels are remembered when nobody uses them, and what being forgotten looks like.

import { joins, type Position, START } from '@chan/core/backend'
import { expect, test } from 'vitest'
import { InMemoryBus, InMemoryChannelLayer } from '../src/index.js'
import { atMost, EVERYTHING, LIMITS, open } from './open.js'

test('the most recently used keep their history; publishing, reading and history are uses', async () => {
  const { backend, publish, shown } = await open({ maxIdleChannels: 3 })
  for (const channel of ['a', 'b', 'c']) await publish(channel, channel)
  await publish('a', 'again')
  await shown('b')
  await publish('d', 'd')
  expect(await shown('c')).toEqual([])
  await backend.read('a', START, atMost(1))
  await publish('e', 'e')
  expect(await shown('d')).toEqual(['d'])
  expect(await shown('a')).toEqual(['a', 'again'])
  expect(await shown('b')).toEqual([])
  expect(backend.stats()).toMatchObject({ channels: 3, idleChannels: 3 })
})

test('a watched channel and one with somebody present are not idle', async () => {
  const { backend, publish, shown } = await open({ maxIdleChannels: 1 })
  const present = { userId: 'alice', joinedAt: 0, metadata: '{}' }
  await publish('watched', 1)
  await backend.watch('watched')
  await publish('present', 1)
  await backend.put('present', 'hold', present)
  for (const n of [1, 2, 3]) await publish(`other-${n}`)
  expect([await shown('watched'), await shown('present')]).toEqual([[1], [1]])
  await backend.unwatch('watched')
  await backend.remove('present', 'alice', 'hold', 'left')
  expect([await shown('watched'), await shown('present')]).toEqual([[], [1]])
  await backend.watch('never-published')
  await backend.unwatch('never-published')
  expect(backend.stats()).toMatchObject({ channels: 1, idleChannels: 1 })
})

test('a forgotten channel begins a new epoch, and positions of the old one are truncated', async () => {
  const { backend, publish } = await open({ maxIdleChannels: 1 })
  const first = await publish('chat', 'old')
  await publish('other')
  expect((await backend.read('chat', START, atMost(10))).top).toEqual(START)
  const old: Position = { epoch: first.epoch as string, offset: 1 }
  expect((await backend.read('chat', old, atMost(10))).truncated).toBe(true)
  const second = await publish('chat', 'new')
  expect(second.offset).toBe(1)
  expect(second.epoch).not.toBe(first.epoch)
  expect(joins(START, { epoch: second.epoch as string, offset: 1 })).toBe(true)
  const page = await backend.read('chat', old, atMost(10))
  expect([page.truncated, page.messages]).toEqual([true, []])
})

test('with maxIdleChannels 0 a channel lasts as long as it is used', async () => {
  const { backend, publish, shown } = await open({ maxIdleChannels: 0 })
  await publish('chat', 1)
  expect(await shown('chat')).toEqual([])
  await backend.watch('chat')
  await publish('chat', 2)
  expect(await shown('chat')).toEqual([2])
  await backend.unwatch('chat')
  expect(await shown('chat')).toEqual([])
  expect(backend.stats().channels).toBe(0)
})

test('through a layer: a subscriber that comes back to a forgotten channel is told', async () => {
  const layer = new InMemoryChannelLayer({ maxIdleChannels: 1 })
  const chat = layer.channel('chat')
  const first = await chat.subscribe(() => {})
  await chat.publish('old')
  await first.unsubscribe()
  await layer.channel('other').publish(0)
  await layer.channel('another').publish(0)
  await chat.publish('new')
  const heard: unknown[] = []
  const second = await chat.subscribe((message) => heard.push(message.data), {
    since: first.position,
  })
  expect(second.recovered).toEqual({ count: 0, truncated: true })
  await chat.publish('newer')
  expect(heard).toEqual(['newer'])
  await layer.disconnect()
})

test('epochs differ between channels and between buses, and hold at least 64 random bits', async () => {
  const epochs = new Set<string>()
  for (let bus = 0; bus < 50; bus++) {
    const { publish } = await open()
    for (const channel of ['a', 'b']) epochs.add((await publish(channel)).epoch as string)
  }
  expect(epochs.size).toBe(100)
  // 96 bits in base 36, a dot and the channel's number.
  for (const epoch of epochs) expect(epoch).toMatch(/^[0-9a-z]{21}\.[01]$/)
})

test('what layers leave behind when they go is nothing', async () => {
  const { bus, backend } = await open({ maxIdleChannels: 0 })
  for (let round = 0; round < 20; round++) {
    const layer = new InMemoryChannelLayer({ bus, onError: () => {} })
    const chat = layer.channel(`chat-${round}`)
    await chat.subscribe(() => {}, { userId: 'alice', joinPresence: true })
    await chat.join('bob')
    await layer.group('group').hold(`chat-${round}`, 'h')
    if (round % 2) await layer.disconnect()
    else bus.crash(layer)
  }
  expect(backend.stats()).toMatchObject({ channels: 0, idleChannels: 0 })
  expect(await backend.members('group')).toEqual([])
  expect(await backend.totalInterest('chat-1')).toBe(0)
  expect((await backend.history('chat-1', {}, LIMITS, EVERYTHING)).messages).toEqual([])
})

test('a bus of its own: layers without a common bus share nothing', async () => {
  const [one, other] = [new InMemoryChannelLayer(), new InMemoryChannelLayer()]
  await one.channel('chat').publish(1)
  expect(await other.channel('chat').history()).toEqual([])
  const bus = new InMemoryBus()
  const [a, b] = [new InMemoryChannelLayer({ bus }), new InMemoryChannelLayer({ bus })]
  await a.channel('chat').publish(1)
  expect((await b.channel('chat').history()).length).toBe(1)
  await Promise.all([one, other, a, b].map((layer) => layer.disconnect()))
})
