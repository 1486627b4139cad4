// What a group publishes is there once, however many members it has.

import { expect, test, vi } from 'vitest'
import { InMemoryChannelLayer } from '../src/index.js'

const MEGABYTE = 1_000_000

async function group(members: number) {
  const layer = new InMemoryChannelLayer({ maxIdleChannels: members })
  const group = layer.group('news')
  for (let n = 0; n < members; n++) await group.add(`member-${n}`)
  return { layer, group }
}

test('the body of a group publish is measured once, and counted once in the tail', async () => {
  const { layer, group: news } = await group(200)
  const encode = vi.spyOn(TextEncoder.prototype, 'encode')
  expect(await news.publish('x'.repeat(MEGABYTE))).toBe(200)
  expect(encode).toHaveBeenCalledTimes(1)
  encode.mockRestore()
  // 200 bodies would be more than the tail takes.
  expect(layer.stats().backend).toMatchObject({ recoveryMessages: 200 })
  expect(layer.stats().backend.recoveryBytes).toBeLessThan(1.1 * MEGABYTE)
  await layer.disconnect()
})

test('an id of a large group publish is remembered for every member', async () => {
  const { layer, group: news } = await group(200)
  const large = 'x'.repeat(MEGABYTE)
  await news.publish(large, { id: 'x' })
  expect(layer.stats().backend).toMatchObject({ rememberedIds: 200 })
  await news.publish(large, { id: 'x' })
  for (const n of [0, 100, 199]) {
    expect(await layer.channel(`member-${n}`).history()).toHaveLength(1)
  }
  await layer.disconnect()
})

test('a large body to many members takes about as long as a small one', async () => {
  const { layer, group: news } = await group(1_000)
  const took = async (data: string) => {
    const beganAt = performance.now()
    await news.publish(data)
    return performance.now() - beganAt
  }
  const [small, large]: [number[], number[]] = [[], []]
  for (let round = 0; round < 4; round++) {
    small.push(await took('x'))
    large.push(await took('x'.repeat(MEGABYTE)))
  }
  // One copy of the body for each member would take a second and a half.
  expect(Math.min(...large)).toBeLessThan(20 * Math.min(...small) + 50)
  await layer.disconnect()
})
