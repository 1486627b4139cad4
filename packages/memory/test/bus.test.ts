// The bus: its options, its clock, and layers that crash.

import { ManualClock } from '@chan/core/testing'
import { waitFor } from '@chan/testkit'
import { expect, test } from 'vitest'
import { InMemoryBus, InMemoryChannelLayer, isChanError } from '../src/index.js'

function codeOf(call: () => unknown): string | undefined {
  try {
    call()
  } catch (error) {
    if (isChanError(error)) return error.code
    throw error
  }
  return undefined
}

test('limits must be numbers from 0; with a bus they belong to the bus', () => {
  for (const wrong of [-1, Number.NaN, '5', null]) {
    const options = { maxIdleChannels: wrong as number }
    expect(codeOf(() => new InMemoryBus(options))).toBe('invalid-option')
    expect(codeOf(() => new InMemoryChannelLayer(options))).toBe('invalid-option')
  }
  const bus = new InMemoryBus({ recoveryMs: Number.POSITIVE_INFINITY, idempotencyMs: 0 })
  expect(codeOf(() => new InMemoryChannelLayer({ bus, recoveryMs: 5 }))).toBe('invalid-option')
  expect(codeOf(() => new InMemoryChannelLayer({ bus, recoveryMs: undefined }))).toBe(undefined)
})

test('the private bus follows the clock of its layer', async () => {
  const clock = new ManualClock()
  const layer = new InMemoryChannelLayer({ clock, recoveryMs: 1_000 })
  const chat = layer.channel('chat', { historyTtlMs: 5_000, maxHistory: 10 })
  const message = await chat.publish('old')
  expect(message.timestamp).toBe(clock.now() / 1000)
  clock.advance(5_001)
  await chat.publish('new')
  expect((await chat.history()).map(({ data }) => data)).toEqual(['new'])
  await layer.disconnect()
})

test('no timer is left running, whatever a layer does', async () => {
  const clock = new ManualClock()
  const layer = new InMemoryChannelLayer({ clock })
  const chat = layer.channel('chat')
  const subscription = await chat.subscribe(() => {}, { userId: 'alice', joinPresence: true })
  await chat.publish(1, { id: 'x' })
  await chat.publish(2, { ephemeral: true })
  await chat.history()
  await layer.group('group').add('chat')
  await layer.group('group').publish(3)
  await subscription.unsubscribe()
  expect(clock.pending).toBe(0)
  await layer.disconnect()
  expect(clock.pending).toBe(0)
})

test('a crashed layer: its calls reject, its callbacks stay silent, its users time out', async () => {
  const bus = new InMemoryBus()
  const [crashing, staying] = [
    new InMemoryChannelLayer({ bus, onError: () => {} }),
    new InMemoryChannelLayer({ bus }),
  ]
  const heard: unknown[] = []
  const left: unknown[] = []
  await staying.channel('chat').onPresence((event) => {
    if (event.type === 'leave') left.push([event.member.userId, event.reason])
  })
  await crashing.channel('chat').subscribe((message) => heard.push(message.data))
  await crashing.channel('chat').join('alice')
  await staying.channel('chat').join('bob')
  await staying.channel('chat').publish(1)
  bus.crash(crashing)
  bus.crash(crashing)
  await staying.channel('chat').publish(2)
  await waitFor(() => left.length > 0)
  expect(heard).toEqual([1])
  expect(left).toEqual([['alice', 'timed-out']])
  expect((await staying.channel('chat').presence()).map(({ userId }) => userId)).toEqual(['bob'])
  expect(await staying.channel('chat').subscriberCount()).toBe(0)
  const refused = await crashing
    .channel('chat')
    .publish(3)
    .catch((error: unknown) => error)
  expect(isChanError(refused, 'layer-closed')).toBe(true)
  await crashing.disconnect()
  await staying.disconnect()
})

test('crashing what is not connected, or not of the bus, does nothing', async () => {
  const bus = new InMemoryBus()
  const layer = new InMemoryChannelLayer({ bus })
  const stranger = new InMemoryChannelLayer()
  await stranger.connect()
  bus.crash(layer)
  bus.crash(stranger)
  bus.crash({})
  await layer.channel('chat').publish(1)
  await stranger.channel('chat').publish(1)
  await Promise.all([layer.disconnect(), stranger.disconnect()])
  bus.crash(layer)
})
