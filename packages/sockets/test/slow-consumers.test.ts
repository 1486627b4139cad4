// Peers that read more slowly than messages come: what each policy makes of it, on real seats.

import type { SlowConsumer } from '@chan/core/connections'
import { describe, expect, test } from 'vitest'
import { takeSeat } from '../src/connection/take-seat.js'
import { Frame } from '../src/port/frame.js'
import { FakeChannel, slowConsumer } from './fake-channel.js'
import { scene } from './scene.js'

const BOUND = 1_000

/** One stalled socket in a channel, or in several. */
async function stalled(policies: readonly SlowConsumer[], { alone = false, bound = BOUND } = {}) {
  const made = scene({ limits: { maxBufferedBytes: bound }, alone })
  const peer = made.connect()
  peer.socket.stalled = true
  const channels: FakeChannel[] = []
  for (const [at, slow] of policies.entries()) {
    const channel = new FakeChannel(`c${at}`, slow)
    channels.push(channel)
    await takeSeat(peer.connection, channel.served, {}, { userId: null, history: 0 })
  }
  const channel = channels[0] as FakeChannel
  const publish = async (data: unknown, on = channel) => {
    on.message(data)
    await made.turnOver()
  }
  /** So many bytes wait for the peer, and nothing of this was a message. */
  const fill = (bytes: number) => {
    peer.socket.send('.'.repeat(bytes))
    peer.socket.sent.pop()
  }
  const attachment = channel.attachments[0] as FakeChannel['attachments'][0]
  return { ...made, ...peer, channel, channels, attachment, publish, fill }
}

describe('drop', () => {
  test('leaves out until the peer has caught up, and counts', async () => {
    const slow = slowConsumer('drop')
    const { socket, data, read, publish } = await stalled([slow])
    for (let n = 0; n < 30; n++) {
      await publish(n)
      expect(socket.bufferedBytes).toBeLessThanOrEqual(BOUND)
    }
    const sent = data().length
    expect(data()).toEqual(Array.from({ length: sent }, (_, n) => n))
    expect(slow.counts).toMatchObject({ dropped: 30 - sent, disconnected: 0 })
    // A hole in the middle would be worse than one more at its end.
    read(socket.bufferedBytes - BOUND / 4 - 1)
    await publish('still behind')
    read(1)
    await publish('back')
    expect(data().slice(sent)).toEqual(['back'])
    expect(slow.counts.dropped).toBe(31 - sent)
    expect(socket.closedWith).toBeUndefined()
  })

  test('goes on with the next message where the socket has caught up and nobody said so yet', async () => {
    const { socket, data, publish, fill } = await stalled([slowConsumer('drop')])
    fill(BOUND)
    await publish('lost')
    socket.read()
    await publish('back')
    expect(data()).toEqual(['back'])
  })
})

describe('disconnect', () => {
  test('closes with 1013 at the first message that does not fit, and counts once', async () => {
    const slow = slowConsumer('disconnect')
    const { channel, socket, turnOver } = await stalled([slow])
    for (let n = 0; n < 100; n++) channel.message(n)
    await turnOver()
    channel.message('more')
    expect(socket.closedWith).toBeUndefined()
    await turnOver()
    expect(socket.closedWith).toEqual({ code: 1013, reason: 'slow consumer' })
    expect(slow.counts).toEqual({ disconnected: 1, caughtUp: 0, dropped: 0, conflated: 0 })
  })

  test('what alone is larger than the bound is sent, as the only one that waits', async () => {
    const { socket, data, publish, read } = await stalled([slowConsumer('disconnect')])
    const large = 'x'.repeat(2 * BOUND)
    await publish(large)
    expect([data(), socket.closedWith]).toEqual([[large], undefined])
    read()
    await publish(large)
    await publish('next')
    expect([data().length, socket.closedWith?.code]).toEqual([2, 1013])
  })
})

describe('catch-up', () => {
  test('rewinds once, to before the first message that did not fit, and goes on there', async () => {
    const slow = slowConsumer('catch-up')
    const { socket, data, read, channel, attachment, publish } = await stalled([slow])
    for (let n = 1; n <= 30; n++) await publish(n)
    const sent = data().length
    expect(attachment.rewinds).toEqual([{ epoch: 'e', offset: sent }])
    expect(slow.counts).toEqual({ caughtUp: 1, dropped: 0, disconnected: 0, conflated: 0 })
    const caughtUp = attachment.catchUp()
    socket.stalled = false
    read()
    await caughtUp
    await publish(31)
    expect(data()).toEqual(channel.stored.map((message) => message.data))
    expect(attachment.rewinds).toHaveLength(1)
  })

  test('several of one turn are one rewind, to the first of them', async () => {
    const { channel, attachment, turnOver, data } = await stalled([slowConsumer('catch-up')])
    channel.message('fits')
    await turnOver()
    for (let n = 0; n < 30; n++) channel.message(n)
    await turnOver()
    expect(attachment.rewinds).toEqual([{ epoch: 'e', offset: data().length }])
  })

  test('what has no place is left out, and nothing is rewound for it', async () => {
    const slow = slowConsumer('catch-up')
    const { channel, attachment, data, publish, read, fill, turnOver } = await stalled([slow])
    fill(BOUND)
    channel.ephemeral('typing')
    await turnOver()
    expect([attachment.rewinds, slow.counts.dropped]).toEqual([[], 1])
    read()
    await publish('next')
    expect(data()).toEqual(['next'])
  })

  test('goes on where the socket takes at once what came in the turn in which it drained', async () => {
    const slow = slowConsumer('catch-up')
    const { channels, attachment, socket, data, read, publish, fill, turnOver } = await stalled([
      slow,
      slow,
    ])
    fill(BOUND)
    await publish('late')
    void attachment.catchUp()
    await turnOver()
    channels[1]?.message('x'.repeat(BOUND / 2))
    socket.stalled = false
    // Nothing waits from now on, so this is the last that is heard of it.
    read()
    await turnOver()
    await turnOver()
    expect(data()).toContain('late')
  })

  test('a message larger than what has become free waits until nothing else does', async () => {
    const { attachment, channel, data, read, fill, turnOver } = await stalled([
      slowConsumer('catch-up'),
    ])
    // Little waits, by far, and still it does not fit.
    fill(BOUND / 5)
    const large = 'x'.repeat(BOUND - BOUND / 10)
    channel.message(large)
    await turnOver()
    for (let again = 0; again < 3; again++) {
      void attachment.catchUp()
      await turnOver()
    }
    expect(attachment.rewinds).toHaveLength(1)
    read()
    await turnOver()
    await turnOver()
    expect(data()[0]).toBe(large)
  })
})

describe('a seat that is being read for', () => {
  test.each(['disconnect', 'drop', 'conflate'] as const)(
    'is rewound, although it is on %s, where others have filled what it found free',
    async (policy) => {
      const slow = slowConsumer(policy)
      const { socket, channel, attachment, data, read, fill, turnOver } = await stalled([slow])
      const page = [channel.message(1), channel.message(2)]
      await turnOver()
      const before = data().length
      attachment.live = false
      for (const message of page) attachment.reader.deliver(message)
      fill(BOUND)
      await turnOver()
      expect(attachment.rewinds).toEqual([{ epoch: 'e', offset: 0 }])
      expect(socket.closedWith).toBeUndefined()
      socket.stalled = false
      read()
      await attachment.catchUp()
      await turnOver()
      expect(data().slice(before)).toEqual([1, 2])
      expect(slow.counts).toEqual({ caughtUp: 1, dropped: 0, disconnected: 0, conflated: 0 })
    },
  )

  test.each(['disconnect', 'drop', 'conflate'] as const)(
    'is rewound on %s, too, where the last that is read does not fit, and it is live by then',
    async (policy) => {
      const { socket, channel, attachment, data, read, fill, turnOver } = await stalled([
        slowConsumer(policy),
      ])
      attachment.live = false
      const large = channel.message('x'.repeat(BOUND - BOUND / 10))
      attachment.live = true
      fill(BOUND / 4)
      attachment.reader.deliver(large, true)
      await turnOver()
      expect(socket.closedWith).toBeUndefined()
      expect(attachment.rewinds).toEqual([{ epoch: 'e', offset: 0 }])
      void attachment.catchUp()
      read()
      await turnOver()
      await turnOver()
      expect(data()).toEqual([large.data])
    },
  )

  test('is told that the log no longer reaches back: closed, so that it comes back', async () => {
    const { socket, attachment } = await stalled([slowConsumer('catch-up')])
    attachment.reader.reset({ position: { epoch: 'e', offset: 9 }, missed: 3 })
    expect(socket.closedWith).toEqual({ code: 1013, reason: 'messages were lost' })
  })

  test('on drop it goes on: it was too slow, and what it missed is a hole like others', async () => {
    const { socket, attachment, publish, data } = await stalled([slowConsumer('drop')])
    attachment.live = false
    attachment.reader.reset({ position: { epoch: 'e', offset: 9 }, missed: 3 })
    expect(socket.closedWith).toBeUndefined()
    attachment.live = true
    await publish('next')
    expect(data()).toEqual(['next'])
    attachment.reader.reset({ position: { epoch: 'e', offset: 9 }, missed: 3 })
    expect(socket.closedWith?.code).toBe(1013)
  })
})

describe('being behind is the seat’s, not the socket’s', () => {
  test('a channel that drops takes nothing from one that disconnects, while there is room', async () => {
    const [drop, strict] = [slowConsumer('drop'), slowConsumer('disconnect')]
    const { channels, socket, data, read, fill, publish, connection } = await stalled([
      drop,
      strict,
    ])
    const [lossy, other] = channels as [FakeChannel, FakeChannel]
    fill(BOUND)
    await publish('lost', lossy)
    expect(drop.counts.dropped).toBe(1)
    read(BOUND / 2)
    connection.outbox.push(new Frame('reply'))
    await publish('alarm', other)
    await publish('lost, too', lossy)
    expect(data()).toEqual(['reply', 'alarm'])
    expect([socket.closedWith, strict.counts.disconnected]).toEqual([undefined, 0])
    for (let n = 0; n < 10; n++) await publish(n, other)
    expect([socket.closedWith?.code, strict.counts.disconnected]).toEqual([1013, 1])
  })

  test('each catches up from where it stopped itself', async () => {
    const slow = slowConsumer('catch-up')
    const { channels, data, read, fill, publish, socket } = await stalled([slow, slow])
    const [one, two] = channels as [FakeChannel, FakeChannel]
    fill(BOUND - 150)
    await publish('one 1', one)
    await publish('one 2', one)
    read(50)
    await publish('two 1', two)
    await publish('two 2', two)
    expect(one.attachments[0]?.rewinds).toEqual([{ epoch: 'e', offset: 1 }])
    expect(two.attachments[0]?.rewinds).toEqual([{ epoch: 'e', offset: 1 }])
    socket.stalled = false
    read()
    await Promise.all(channels.map(({ attachments }) => attachments[0]?.catchUp()))
    await publish('one 3', one)
    expect(data().filter((text) => `${text}`.startsWith('one'))).toEqual([
      'one 1',
      'one 2',
      'one 3',
    ])
    expect(data().filter((text) => `${text}`.startsWith('two'))).toEqual(['two 1', 'two 2'])
  })

  test('frames of the server’s own have 64 KiB beyond the bound; above it: 1013', async () => {
    const { connection, socket, fill, turnOver } = await stalled([slowConsumer('drop')])
    fill(BOUND)
    for (let n = 0; n < 63; n++) connection.outbox.push(new Frame('r'.repeat(1_024)))
    await turnOver()
    expect([socket.sent.length, socket.closedWith]).toEqual([63, undefined])
    expect(connection.outbox.send('r'.repeat(1_024))).toBe('buffered')
    expect(connection.outbox.send('r')).toBe('dropped')
    expect(socket.closedWith).toEqual({ code: 1013, reason: 'slow consumer' })
  })
})

test('after the end nothing is read for the peer any more', async () => {
  const { connection, fill } = await stalled([slowConsumer('catch-up')])
  fill(BOUND)
  const room = connection.outbox.room()
  let found = false
  void room?.then(() => {
    found = true
  })
  connection.closed(1006, '')
  await new Promise((resolve) => setImmediate(resolve))
  expect([room !== undefined, found]).toEqual([true, false])
  expect(connection.outbox.room()).toBeDefined()
})
