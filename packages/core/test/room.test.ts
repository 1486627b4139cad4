// What a closing layer waits for in a channel.

import { waitFor } from '@chan/testkit'
import { expect, test } from 'vitest'
import { DeliveryQueue } from '../src/hub/delivery-queue.js'
import { Room } from '../src/hub/room.js'
import { ManualClock } from '../src/testing/index.js'

test('settled does not wait for a gap that is being read when the last user leaves', async () => {
  const clock = new ManualClock()
  let reads = 0
  const room = new Room('chat', {
    clock,
    queue: new DeliveryQueue(clock),
    lingerMs: 0,
    read: () => {
      reads++
      return new Promise(() => {})
    },
    watch: async () => ({ epoch: 'e', offset: 3 }),
    unwatch: async () => {},
    report: () => {},
    subscribersChanged: () => {},
    wasReset: () => {},
    idle: () => {},
  })
  await room.watch.acquire()
  room.gap()
  expect(reads).toBe(1)
  let settled = false
  void room.settled().then(() => {
    settled = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  expect(settled).toBe(false)
  room.watch.release()
  await waitFor(() => settled, { deadlineMs: 1_000, label: 'settled' })
})
