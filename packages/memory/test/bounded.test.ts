// Memory does not grow with the number of names, and rules for names are never forgotten.

import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { InMemoryChannelLayer, isChanError } from '../src/index.js'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

/** Megabytes of heap after what can be collected was. */
async function heap(): Promise<number> {
  // Finalizers run in turns of their own.
  for (let i = 0; i < 3; i++) {
    gc()
    await turn()
  }
  return process.memoryUsage().heapUsed / 2 ** 20
}

test('a million client-chosen names: memory stays flat, authFn stays', {
  timeout: 120_000,
}, async () => {
  const layer = new InMemoryChannelLayer({ recoveryBytes: 4 * 2 ** 20 })
  layer.define('chat:*', { authFn: (_channel, userId) => userId === 'alice', maxHistory: 10 })
  layer.channel('chat:0', { authFn: () => false })
  const sizes: number[] = []
  for (let n = 0; n < 1_000_000; n++) {
    const chat = layer.channel(`chat:${n}`)
    void chat.publish(n)
    if (n % 50 === 0) await chat.subscribe(() => {}, { userId: 'mallory' }).catch(() => {})
    if (n % 5_000 === 4_999) await turn()
    if (n === 299_999 || n === 999_999) sizes.push(await heap())
  }
  const [early = 0, late = 0] = sizes
  expect(late - early).toBeLessThan(5)
  expect(layer.stats().backend).toMatchObject({ channels: 10_000, idleChannels: 10_000 })
  for (const name of ['chat:1', 'chat:500000', 'chat:999999', 'chat:never']) {
    const refused = await layer
      .channel(name)
      .subscribe(() => {}, { userId: 'mallory' })
      .catch((error: unknown) => error)
    expect(isChanError(refused, 'permission-denied')).toBe(true)
    await (await layer.channel(name).subscribe(() => {}, { userId: 'alice' })).unsubscribe()
  }
  const named = await layer
    .channel('chat:0')
    .subscribe(() => {}, { userId: 'alice' })
    .catch((error: unknown) => error)
  expect(isChanError(named, 'permission-denied')).toBe(true)
  await layer.disconnect()
})

test('ten thousand rounds of subscribe, join, group and back leave nothing', {
  timeout: 60_000,
}, async () => {
  const layer = new InMemoryChannelLayer({ maxIdleChannels: 100, recoveryMs: 0 })
  const group = layer.group('everybody')
  const sizes: number[] = []
  for (let round = 1; round <= 10_000; round++) {
    const chat = layer.channel(`chat:${round % 7}`)
    const subscription = await chat.subscribe(() => {}, {
      userId: `user-${round}`,
      joinPresence: true,
    })
    await group.hold(chat.name, `hold-${round}`)
    await chat.publish(round, { id: `id-${round % 10}` })
    await group.release(chat.name, `hold-${round}`)
    await subscription.unsubscribe()
    if (round === 1_000 || round === 10_000) sizes.push(await heap())
  }
  const [early = 0, late = 0] = sizes
  expect(late - early).toBeLessThan(2)
  expect(await group.size()).toBe(0)
  expect(layer.stats()).toMatchObject({ subscribers: 0, activeChannels: 0 })
  for (let n = 0; n < 7; n++) {
    expect(await layer.channel(`chat:${n}`).presenceCount()).toBe(0)
    expect(await layer.channel(`chat:${n}`).subscriberCount()).toBe(0)
  }
  await layer.disconnect()
})
