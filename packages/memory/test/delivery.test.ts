// What memory promises beyond the port: delivery inside `append`, and the same object everywhere.

import type { Message } from '@chan/core/backend'
import { expect, test } from 'vitest'
import { InMemoryChannelLayer } from '../src/index.js'
import { atMost, EVERYTHING, entry, LIMITS, open } from './open.js'

test('append delivers before it answers, and everybody gets the same message object', async () => {
  const { backend, join, sink, delivered } = await open()
  const there: Message[] = []
  const other = await join({ ...sink, deliver: (_channel, message) => there.push(message) })
  await backend.watch('chat')
  await other.watch('chat')
  const appending = backend.append('chat', entry('hello'), LIMITS)
  expect(delivered.length).toBe(1)
  const message = await appending
  expect(delivered[0]).toBe(message)
  expect(there[0]).toBe(message)
  expect((await other.history('chat', {}, LIMITS, EVERYTHING)).messages[0]).toBe(message)
  expect((await other.read('chat', { epoch: '', offset: 0 }, atMost(1))).messages[0]).toBe(message)
})

test('an append inside a delivery is delivered after it, to all members', async () => {
  const { backend, join, sink } = await open()
  const orders: string[][] = [[], []]
  const members = orders.map((order, at) =>
    join({
      ...sink,
      deliver: (channel, message) => {
        order.push(`${channel} ${message.data}`)
        const next = (message.data as number) + 1
        if (at === 0 && next <= 3) {
          void backend.append('a', entry(next), LIMITS)
          void backend.append('b', entry(next + 10), LIMITS)
        }
      },
    }),
  )
  for (const member of await Promise.all(members)) {
    await member.watch('a')
    await member.watch('b')
  }
  await backend.append('a', entry(1), LIMITS)
  expect(orders[0]).toEqual(orders[1])
  expect(orders[0]?.filter((line) => line.startsWith('a'))).toEqual(['a 1', 'a 2', 'a 3'])
})

test('a sink that throws hurts no other member and is told', async () => {
  const { backend, join, sink, delivered } = await open()
  const reports: unknown[] = []
  const broken = await join({
    ...sink,
    deliver: () => {
      throw new Error('broken')
    },
    report: (error) => reports.push((error as Error).message),
  })
  await broken.watch('chat')
  await backend.watch('chat')
  for (const n of [1, 2, 3]) await backend.append('chat', entry(n), LIMITS)
  expect(delivered.map((message) => message.data)).toEqual([1, 2, 3])
  expect(reports).toEqual(['broken', 'broken', 'broken'])
})

test('a member that closes or crashes during a delivery is not called any more', async () => {
  const { bus, backend, join, sink } = await open()
  const heard: string[] = []
  const killer = await join({
    ...sink,
    deliver: (_channel, message) => {
      heard.push(`killer ${message.data}`)
      bus.crash(victim)
      void quitter.close()
    },
  })
  const victim = await join({ ...sink, deliver: () => heard.push('victim') })
  const quitter = await join({ ...sink, deliver: () => heard.push('quitter') })
  for (const member of [killer, victim, quitter]) await member.watch('chat')
  await backend.append('chat', entry(1), LIMITS)
  await backend.append('chat', entry(2), LIMITS)
  expect(heard).toEqual(['killer 1', 'killer 2'])
})

test('a publish has been delivered in this process when its promise resolves', async () => {
  const layer = new InMemoryChannelLayer()
  const heard: unknown[] = []
  await layer.channel('chat').subscribe((message) => heard.push(message.data))
  for (const n of [1, 2, 3]) {
    await layer.channel('chat').publish(n)
    expect(heard.at(-1)).toBe(n)
  }
  await layer.disconnect()
})
