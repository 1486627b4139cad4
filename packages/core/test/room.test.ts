// What a closing layer waits for in a channel.

import { waitFor } from '@chan/testkit'
import { expect, test } from 'vitest'
import { DeliveryQueue } from '../src/hub/delivery-queue.js'
import type { InterestReporter } from '../src/hub/interest.js'
import { Reads } from '../src/hub/reads.js'
import { Room, type RoomParts } from '../src/hub/room.js'
import type { ChannelBackend } from '../src/ports/backend.js'
import { ManualClock } from '../src/testing/index.js'

test('settled does not wait for a gap that is being read when the last user leaves', async () => {
  const clock = new ManualClock()
  let reads = 0
  const backend = {
    read: () => {
      reads++
      return new Promise(() => {})
    },
    watch: async () => ({ epoch: 'e', offset: 3 }),
    unwatch: async () => {},
  } as unknown as ChannelBackend
  const parts: RoomParts = {
    ...{ backend, clock, queue: new DeliveryQueue(clock), reads: new Reads(backend) },
    interest: { changed: () => {} } as unknown as InterestReporter,
    report: () => {},
    closing: new AbortController().signal,
    lingerMs: 0,
    resets: 0,
  }
  const room = new Room('chat', parts, () => {})
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
