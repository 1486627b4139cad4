// `conflate`: a peer that was too slow gets the newest message of each key, and nothing older after it.

import type { Message } from '@chan/protocol'
import { describe, expect, test } from 'vitest'
import { takeSeat } from '../src/connection/take-seat.js'
import { FakeChannel, slowConsumer } from './fake-channel.js'
import { scene } from './scene.js'

const BOUND = 1_000
const byLetter = ({ data }: Message) => String(data)[0] as string

async function stalled(keyOf = byLetter, alone = false) {
  const slow = slowConsumer('conflate', keyOf)
  const made = scene({ limits: { maxBufferedBytes: BOUND }, alone })
  const peer = made.connect()
  peer.socket.stalled = true
  const channel = new FakeChannel('c', slow)
  await takeSeat(peer.connection, channel.served, {}, { userId: null, history: 0 })
  const publish = async (data: unknown) => {
    channel.message(data)
    await made.turnOver()
  }
  /** The channel's half of the bound is full. */
  const fill = () => {
    peer.socket.send('.'.repeat(BOUND / 2))
    peer.socket.sent.pop()
  }
  return { ...made, ...peer, slow, channel, publish, fill }
}

test('keeps the newest of each key, in the order they came', async () => {
  const { publish, fill, read, data, slow, turnOver } = await stalled()
  fill()
  for (const text of ['a1', 'b1', 'a2', 'c1', 'b2']) await publish(text)
  expect(data()).toEqual([])
  expect(slow.counts).toEqual({ disconnected: 0, caughtUp: 0, dropped: 0, conflated: 2 })
  read()
  await turnOver()
  expect(data()).toEqual(['a2', 'c1', 'b2'])
  await publish('a3')
  expect(data()).toEqual(['a2', 'c1', 'b2', 'a3'])
})

test('nothing newer goes before what was kept, whenever in the turn the peer drains', async () => {
  for (const drainsAt of [0, 1, 2, 3]) {
    const { publish, fill, read, data, channel, turnOver } = await stalled()
    fill()
    await publish('a1')
    await publish('b1')
    for (const [at, text] of ['a2', 'b2', 'c1'].entries()) {
      if (at === drainsAt) read()
      channel.message(text)
    }
    if (drainsAt === 3) read()
    await turnOver()
    read()
    await turnOver()
    const sent = data() as string[]
    const newest = ['a', 'b', 'c'].map((key) => sent.findLast((text) => text.startsWith(key)))
    expect(newest, `drained at ${drainsAt}`).toEqual(['a2', 'b2', 'c1'])
    expect(sent, `drained at ${drainsAt}`).toEqual(sent.toSorted(byOffset(channel)))
  }
})

const byOffset = (channel: FakeChannel) => (a: string, b: string) => {
  const offset = (text: string) => channel.stored.findIndex(({ data }) => data === text)
  return offset(a) - offset(b)
}

describe('what is kept is bounded', () => {
  test('more of it than half of the bound ends the connection', async () => {
    const { publish, fill, socket, slow } = await stalled(({ data }) => String(data))
    fill()
    let kept = 0
    while (!socket.closedWith && kept < 20) await publish(kept++)
    expect(kept).toBeGreaterThan(5)
    expect(kept).toBeLessThan(9)
    expect(socket.closedWith).toEqual({ code: 1013, reason: 'slow consumer' })
    expect(slow.counts.disconnected).toBe(1)
  })

  test('one alone may be larger', async () => {
    const { publish, fill, socket, data, read, turnOver } = await stalled()
    fill()
    await publish('a'.repeat(BOUND))
    await publish('aa'.repeat(BOUND))
    expect(socket.closedWith).toBeUndefined()
    read()
    await turnOver()
    expect(data()).toEqual(['aa'.repeat(BOUND)])
    fill()
    await publish('a'.repeat(BOUND))
    await publish('b')
    expect(socket.closedWith?.code).toBe(1013)
  })
})

test('whatever the pace, offsets only grow, and every key’s newest message arrives', async () => {
  for (let seed = 1; seed <= 12; seed++) {
    const random = generator(seed)
    const { channel, socket, data, read, turnOver } = await stalled(byLetter, seed % 4 === 0)
    for (let n = 0; n < 200; n++) {
      const key = 'abcd'[Math.floor(random() * 4)] as string
      if (random() < 0.7) channel.message(`${key}${n}`)
      if (random() < 0.3) read(Math.floor(random() * (socket.bufferedBytes + 1)))
      if (random() < 0.5) await turnOver()
    }
    for (let more = 0; more < 3; more++) {
      await turnOver()
      read()
    }
    const sent = data() as string[]
    expect(socket.closedWith, `seed ${seed}`).toBeUndefined()
    expect(sent, `seed ${seed}`).toEqual(sent.toSorted(byOffset(channel)))
    for (const key of 'abcd') {
      const isOf = (text: unknown) => String(text).startsWith(key)
      const newest = channel.stored.findLast((message) => isOf(message.data))?.data
      expect(sent.findLast(isOf), `seed ${seed}`).toBe(newest)
    }
  }
})

function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return state / 4_294_967_296
  }
}
