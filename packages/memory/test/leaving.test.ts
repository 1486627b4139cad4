// A layer that leaves a bus: what the others left there keeps its place.

import { expect, test } from 'vitest'
import { InMemoryBus, InMemoryChannelLayer } from '../src/index.js'

test('a layer that leaves does not change which channels were used last', async () => {
  const bus = new InMemoryBus({ maxIdleChannels: 2 })
  const [staying, leaving] = [new InMemoryChannelLayer({ bus }), new InMemoryChannelLayer({ bus })]
  await leaving.connect()
  const shown = async (name: string) => (await staying.channel(name).history()).length
  await staying.channel('one').publish(1)
  await staying.channel('two').publish(1)
  await shown('one')
  await leaving.disconnect()
  await staying.channel('three').publish(1)
  expect([await shown('one'), await shown('two'), await shown('three')]).toEqual([1, 0, 1])
  await staying.disconnect()
})

test('the channels that a layer held become idle last, in front of those it never used', async () => {
  const bus = new InMemoryBus({ maxIdleChannels: 1 })
  const [staying, leaving] = [new InMemoryChannelLayer({ bus }), new InMemoryChannelLayer({ bus })]
  await leaving.channel('held').subscribe(() => {})
  await leaving.channel('held').publish(1)
  await staying.channel('idle').publish(1)
  await leaving.disconnect()
  expect((await staying.channel('idle').history()).length).toBe(0)
  expect((await staying.channel('held').history()).length).toBe(1)
  await staying.disconnect()
})
