// Turns, bundles and outboxes together: each socket written once a turn, the same frames in one buffer,
// and every policy for those who are too slow.

import { type SlowConsumer, type SlowConsumerPolicy, systemClock } from '@chan/core/connections'
import { Message } from '@chan/protocol'
import { expect, test } from 'vitest'
import { Outbox } from '../src/connection/outbox.js'
import { Turn } from '../src/connection/turn.js'
import type { Bundle } from '../src/port/bundle.js'
import type { Socket } from '../src/port/port.js'
import { FakeSocket } from './fake-socket.js'

let offsets = 0
function message(data: unknown, channel = 'c'): Message {
  const body = JSON.stringify(data)
  const place = { offset: ++offsets, epoch: 'e' }
  return Message.fromStored({ channel, body, sender: null, timestamp: 0, ...place })
}

function slowConsumer(policy: SlowConsumerPolicy, key = (_: Message) => ''): SlowConsumer {
  return { policy, keyOf: key, counts: { disconnected: 0, dropped: 0, conflated: 0 } }
}

function scene(sockets: number, { maxBytes = 1_000, stalled = false } = {}) {
  const writes: { readonly bundle: Bundle; readonly to: readonly Socket[] }[] = []
  const turn = new Turn(systemClock, {
    write(bundle, to) {
      writes.push({ bundle, to: [...to] })
      for (const socket of to) for (const { text } of bundle.frames) socket.send(text)
    },
  })
  let closed = 0
  const all = Array.from({ length: sockets }, () => {
    const socket = new FakeSocket()
    socket.stalled = stalled
    const tooSlow = () => {
      closed++
      outbox.end()
      return true
    }
    const outbox = new Outbox(socket, turn, { maxBufferedBytes: maxBytes, tooSlow })
    const data = () =>
      socket.sent.map((text) => (text.startsWith('{') ? JSON.parse(text).data : text))
    return { socket, outbox, data }
  })
  const ended = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)))
  return { turn, all, writes, ended, closed: () => closed }
}

const plain = slowConsumer('disconnect')

test('one write a turn for all that have the same frames, and the same objects for them', async () => {
  const { turn, all, writes, ended } = scene(3)
  const [a, b, c] = all as [(typeof all)[0], (typeof all)[0], (typeof all)[0]]
  for (const data of [1, 2, 3]) {
    const sent = message(data)
    for (const { outbox } of data === 2 ? [a, b] : [a, b, c]) outbox.push(turn.frameOf(sent, plain))
  }
  expect(a.socket.sent).toEqual([])
  await ended()
  expect(writes.map(({ to, bundle }) => [to.length, bundle.length])).toEqual([
    [2, 3],
    [1, 2],
  ])
  expect([a.data(), b.data(), c.data()]).toEqual([
    [1, 2, 3],
    [1, 2, 3],
    [1, 3],
  ])
  const [first, second] = writes as [(typeof writes)[0], (typeof writes)[0]]
  expect(first.bundle.frames[2]).toBe(second.bundle.frames[1])
  a.outbox.push(turn.frameOf(message(4), plain))
  await ended()
  expect(a.data()).toEqual([1, 2, 3, 4])
})

test('what is sent at once goes after what waits, and a close would, too', async () => {
  const { turn, all, ended } = scene(1)
  const [{ outbox, data }] = all as [(typeof all)[0]]
  outbox.push(turn.frameOf(message(1), plain))
  outbox.send('own')
  outbox.push(turn.frameOf(message(2), plain))
  outbox.flush()
  outbox.push(turn.frameOf(message(3), plain))
  expect(data()).toEqual([1, 'own', 2])
  await ended()
  expect(data()).toEqual([1, 'own', 2, 3])
})

test('a flood within one turn is written in portions', async () => {
  const { turn, all, ended } = scene(2, { maxBytes: 1e6 })
  for (let n = 0; n < 50; n++) {
    const frame = turn.frameOf(message('x'.repeat(10_000)), plain)
    for (const { outbox } of all) outbox.push(frame)
  }
  for (const { outbox, socket } of all) {
    expect(socket.sent.length).toBeGreaterThan(40)
    expect(outbox.bufferedBytes).toBeLessThan(70_000)
  }
  await ended()
  for (const { socket } of all) expect(socket.sent.length).toBe(50)
})

test('`drop` leaves out until the peer has caught up', async () => {
  const slow = slowConsumer('drop')
  const { turn, all, ended, closed } = scene(1, { stalled: true })
  const [{ outbox, socket, data }] = all as [(typeof all)[0]]
  for (let n = 0; n < 30; n++) {
    outbox.push(turn.frameOf(message(n), slow))
    await ended()
    expect(socket.bufferedBytes).toBeLessThan(1_001)
  }
  const sent = data().length
  expect(slow.counts).toEqual({ disconnected: 0, dropped: 30 - sent, conflated: 0 })
  socket.stalled = false
  // Still behind until everything is gone: a hole in the middle would be worse than one more at its end.
  socket.bufferedBytes = 10
  outbox.push(turn.frameOf(message('still behind'), slow))
  await ended()
  socket.bufferedBytes = 0
  outbox.drain()
  outbox.push(turn.frameOf(message('back'), slow))
  await ended()
  expect(data().slice(sent)).toEqual(['back'])
  expect(closed()).toBe(0)
})

test('`conflate` keeps the newest of each key and channel, in the order they came', async () => {
  const slow = slowConsumer('conflate', ({ data }) => String(data)[0] as string)
  const { turn, all, ended } = scene(1, { stalled: true, maxBytes: 400 })
  const [{ outbox, socket, data }] = all as [(typeof all)[0]]
  outbox.push(turn.frameOf(message('full'.repeat(85)), slow))
  await ended()
  for (const text of ['a1', 'b1', 'a2', 'c1', 'b2']) {
    outbox.push(turn.frameOf(message(text), slow))
    await ended()
  }
  outbox.push(turn.frameOf(message('a3', 'other'), slow))
  await ended()
  expect(slow.counts).toEqual({ disconnected: 0, dropped: 0, conflated: 2 })
  socket.stalled = false
  socket.bufferedBytes = 0
  outbox.drain()
  await ended()
  expect(data().slice(1)).toEqual(['a2', 'c1', 'b2', 'a3'])
})

test('more keys than fit into the bound end the connection', async () => {
  const slow = slowConsumer('conflate', ({ data }) => String(data))
  const { turn, all, ended, closed } = scene(1, { stalled: true, maxBytes: 500 })
  const [{ outbox }] = all as [(typeof all)[0]]
  for (let n = 0; n < 20; n++) {
    outbox.push(turn.frameOf(message(n), slow))
    await ended()
  }
  expect(closed()).toBe(1)
  expect(slow.counts.disconnected).toBe(1)
})

test('the policy is the message’s, not the socket’s', async () => {
  const [drop, disconnect] = [slowConsumer('drop'), slowConsumer('disconnect')]
  const { turn, all, ended, closed } = scene(1, { stalled: true, maxBytes: 200 })
  const [{ outbox }] = all as [(typeof all)[0]]
  for (let n = 0; n < 5; n++) {
    outbox.push(turn.frameOf(message(n), drop))
    await ended()
  }
  expect([drop.counts.dropped > 0, closed()]).toEqual([true, 0])
  outbox.push(turn.frameOf(message('alarm'), disconnect))
  await ended()
  expect([disconnect.counts.disconnected, closed()]).toEqual([1, 1])
})
