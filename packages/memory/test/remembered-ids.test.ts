// How long ids are remembered, and what happens when their channel is not.

import { Message } from '@chan/core/backend'
import { expect, test } from 'vitest'
import { InMemoryChannelLayer } from '../src/index.js'
import { RememberedIds } from '../src/remembered-ids.js'
import { entry, LIMITS, open } from './open.js'

const message = (body: string) =>
  Message.fromStored({ channel: 'chat', body, sender: null, timestamp: 0, offset: 1, epoch: 'e' })

test('an id is remembered for idempotencyMs after it was first used', async () => {
  const { clock, backend } = await open({ idempotencyMs: 300_000 })
  const publish = (data: string) => backend.append('chat', entry(data, 'x'), LIMITS)
  const first = await publish('first')
  clock.advance(299_999)
  expect(await publish('second')).toBe(first)
  clock.advance(1)
  expect((await publish('third')).offset).toBe(2)
  expect(backend.stats().rememberedIds).toBe(1)
})

test('above its bytes the oldest ids are forgotten', () => {
  const ids = new RememberedIds(1_000, 100)
  ids.set('chat', 'a', message('1'), 40, 0)
  ids.set('chat', 'b', message('2'), 40, 0)
  expect(ids.get('chat', 'a', 0)?.body).toBe('1')
  ids.set('chat', 'c', message('3'), 40, 0)
  expect([ids.get('chat', 'a', 0), ids.get('chat', 'b', 0)?.body, ids.size]).toEqual([
    undefined,
    '2',
    2,
  ])
  expect(ids.get('chat', 'b', 1_000)).toBe(undefined)
  expect(ids.size).toBe(0)
})

test('channel and id never run together', () => {
  const ids = new RememberedIds(1_000, 1_000)
  ids.set('a', 'b:c', message('1'), 1, 0)
  expect([ids.get('a:b', 'c', 0), ids.get('ab:c', '', 0)]).toEqual([undefined, undefined])
})

test('an id outlives its channel: the first answer is repeated, and the layer still closes', async () => {
  const layer = new InMemoryChannelLayer({ maxIdleChannels: 1 })
  const chat = layer.channel('chat')
  const first = await chat.publish('first', { id: 'x' })
  for (const n of [1, 2, 3]) await layer.channel(`other-${n}`).publish(n)
  const heard: unknown[] = []
  await chat.subscribe((received) => heard.push(received.data))
  const again = await chat.publish('again', { id: 'x' })
  expect(again.toJson()).toBe(first.toJson())
  await chat.publish('next')
  const repeated = await chat.publish('again', { id: 'x' })
  expect(repeated.epoch).toBe(first.epoch)
  expect(heard).toEqual(['next'])
  await layer.disconnect()
  expect(layer.stats().state).toBe('closed')
})
