// Turns, bundles and outboxes together: each socket written once a turn, the same frames in one buffer.

import { Message } from '@chan/protocol'
import { expect, test, vi } from 'vitest'
import { takeSeat } from '../src/connection/take-seat.js'
import { Frame } from '../src/port/frame.js'
import { FakeChannel, slowConsumer } from './fake-channel.js'
import { type SceneOptions, scene } from './scene.js'

/** Sockets that receive one channel. */
async function crowd(size: number, options: SceneOptions = {}, slow = slowConsumer('disconnect')) {
  const made = scene(options)
  const channel = new FakeChannel('c', slow)
  const peers = Array.from({ length: size }, made.connect)
  for (const { connection } of peers) {
    await takeSeat(connection, channel.served, {}, { userId: null, history: 0 })
  }
  return { ...made, channel, peers, peer: peers[0] as (typeof peers)[0] }
}

test('one write a turn for all that have the same frames, and the same objects for them', async () => {
  const { channel, peers, writes, turnOver } = await crowd(3)
  const [a, b, c] = peers
  channel.message(1)
  const last = channel.attachments.pop()
  channel.message(2)
  if (last) channel.attachments.push(last)
  channel.message(3)
  expect(a?.socket.sent).toEqual([])
  await turnOver()
  expect(writes.map(({ to, bundle }) => [to.length, bundle.length])).toEqual([
    [2, 3],
    [1, 2],
  ])
  expect([a?.data(), b?.data(), c?.data()]).toEqual([
    [1, 2, 3],
    [1, 2, 3],
    [1, 3],
  ])
  expect(writes[0]?.bundle.frames[2]).toBe(writes[1]?.bundle.frames[1])
  channel.message(4)
  await turnOver()
  expect(a?.data()).toEqual([1, 2, 3, 4])
})

test('what is sent at once goes after what waits, and a close does, too', async () => {
  const { channel, peer, turnOver } = await crowd(1)
  const { connection, data } = peer
  channel.message(1)
  connection.outbox.send('own')
  channel.message(2)
  connection.outbox.flush()
  channel.message(3)
  expect(data()).toEqual([1, 'own', 2])
  await turnOver()
  expect(data()).toEqual([1, 'own', 2, 3])
  channel.message(4)
  connection.close(1000, '')
  expect(data()).toEqual([1, 'own', 2, 3, 4])
})

test('a frame of the server’s own keeps its place among the messages of the turn', async () => {
  const { channel, peer, writes, turnOver } = await crowd(1)
  channel.message(1)
  peer.connection.outbox.push(new Frame('reply'))
  channel.message(2)
  await turnOver()
  expect(peer.data()).toEqual([1, 'reply', 2])
  expect(writes).toHaveLength(1)
})

test('a flood within one turn is written in portions', async () => {
  const { channel, peers, turnOver } = await crowd(2)
  for (let n = 0; n < 50; n++) channel.message('x'.repeat(10_000))
  for (const { connection, socket } of peers) {
    expect(socket.sent.length).toBeGreaterThan(40)
    expect(connection.outbox.bufferedBytes).toBeLessThan(70_000)
  }
  await turnOver()
  for (const { socket } of peers) expect(socket.sent.length).toBe(50)
})

test('without a fan-out, frames are sent one by one, at once', async () => {
  const { channel, peer } = await crowd(1, { alone: true, limits: { maxBufferedBytes: 1_000 } })
  channel.message(1)
  peer.connection.outbox.push(new Frame('reply'))
  channel.message(2)
  expect(peer.data()).toEqual([1, 'reply', 2])
  peer.socket.stalled = true
  for (let n = 0; n < 30; n++) channel.message(n)
  expect(peer.socket.bufferedBytes).toBeLessThanOrEqual(1_000)
  expect(peer.socket.closedWith?.code).toBe(1013)
})

test('a crowd that reads the same page in one turn shares frames, and what is made of them', async () => {
  const slow = slowConsumer('catch-up')
  const { channel, peers, writes, turnOver } = await crowd(20, {}, slow)
  const page = Array.from({ length: 10 }, (_, n) => channel.message(n))
  await turnOver()
  writes.length = 0
  for (const { reader } of channel.attachments) for (const one of page) reader.deliver(one, true)
  await turnOver()
  expect(writes.map(({ to, bundle }) => [to.length, bundle.length])).toEqual([[20, 10]])
  for (const { data } of peers) expect(data().slice(10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
})

test('a message that is read is framed once a turn for each channel that it is delivered in', async () => {
  const { home, turnOver } = scene()
  const place = { offset: 1, epoch: 'e' }
  const message = Message.fromStored({
    ...{ channel: 'c', body: '1', sender: null, timestamp: 0 },
    ...place,
  })
  const other = Message.fromStored({
    ...{ channel: 'c', body: '2', sender: null, timestamp: 0 },
    ...place,
  })
  const [one, two] = [{}, {}]
  const frame = home.turn.readFrameOf(message, one)
  home.turn.readFrameOf(other, one)
  expect(home.turn.readFrameOf(message, one)).toBe(frame)
  expect(home.turn.readFrameOf(message, two)).not.toBe(frame)
  await turnOver()
  expect(home.turn.readFrameOf(message, one)).not.toBe(frame)
})

test('a live message is framed once for those who get it one after another', () => {
  const { home } = scene()
  const place = { offset: 1, epoch: 'e' }
  const message = Message.fromStored({
    ...{ channel: 'c', body: '1', sender: null, timestamp: 0 },
    ...place,
  })
  const [one, two] = [{}, {}]
  const frame = home.turn.frameOf(message, one)
  expect(home.turn.frameOf(message, one)).toBe(frame)
  expect(home.turn.frameOf(message, two)).not.toBe(frame)
})

test('a policy of each connection’s own, as by a fresh conflateKey, shares frames all the same', async () => {
  const { connect, writes, turnOver } = scene()
  const channel = new FakeChannel('c')
  const slow = vi.spyOn(channel.served, 'slowConsumer')
  slow.mockImplementation(() => slowConsumer('conflate', (message) => String(message.data)))
  const peers = Array.from({ length: 3 }, connect)
  for (const { connection } of peers) {
    await takeSeat(connection, channel.served, {}, { userId: null, history: 0 })
  }
  expect(new Set(slow.mock.results.map(({ value }) => value)).size).toBe(3)
  for (let n = 0; n < 5; n++) channel.message(n)
  await turnOver()
  expect(writes.map(({ to, bundle }) => [to.length, bundle.length])).toEqual([[3, 5]])
  // Those who are behind keep the frames that all share, too.
  for (const { socket } of peers) socket.stalled = true
  channel.message('x'.repeat(2 ** 20))
  await turnOver()
  writes.length = 0
  for (const key of ['a', 'b', 'a']) channel.message(key)
  for (const { socket, read } of peers) {
    socket.stalled = false
    read()
  }
  await turnOver()
  expect(writes).toHaveLength(1)
  for (const { data } of peers) expect(data().slice(-2)).toEqual(['b', 'a'])
})
