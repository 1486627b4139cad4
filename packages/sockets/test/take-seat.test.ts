// A connection in its channels: one seat for each, however many want it.

import { isChanError } from '@chan/protocol'
import { describe, expect, test, vi } from 'vitest'
import type { Connection } from '../src/connection/connection.js'
import type { SeatUse } from '../src/connection/seat.js'
import { leaveSeat, takeSeat } from '../src/connection/take-seat.js'
import { FakeChannel, unavailable } from './fake-channel.js'
import { scene } from './scene.js'

const NOBODY = { userId: null, history: 0 }
const limitReached = expect.toSatisfy((error) => isChanError(error, 'limit-reached'))

const take = (connection: Connection, channel: FakeChannel, use: SeatUse = {}, history = 0) =>
  takeSeat(connection, channel.served, use, { ...NOBODY, history })

function seatCount({ outbox }: Connection): number {
  let count = 0
  for (let seat = outbox.seats; seat; seat = seat.next) count++
  return count
}

describe('several uses of a channel', () => {
  test('have one seat, which begins once, and a message arrives once', async () => {
    const { connect, turnOver } = scene()
    const { connection, data } = connect()
    const channel = new FakeChannel()
    const first = await take(connection, channel, {}, 5)
    const second = await take(connection, channel, {}, 50)
    expect(second).toBe(first)
    expect(channel.attachments.map(({ beginning }) => beginning)).toEqual([
      { userId: null, history: 5 },
    ])
    channel.message('once')
    await turnOver()
    expect(data()).toEqual(['once'])
  })

  test('get what any of them wants', async () => {
    const { connect, turnOver } = scene()
    const { connection, data } = connect()
    const channel = new FakeChannel()
    const filtered = (wanted: number): SeatUse => ({
      filterFn: (message) => (message.data as number) % wanted === 0,
    })
    const [twos, threes, everything] = [filtered(2), filtered(3), {}]
    const seat = await take(connection, channel, twos)
    const next = async (first: number) => {
      const before = data().length
      for (let n = first; n < first + 6; n++) channel.message(n)
      await turnOver()
      return data().slice(before)
    }
    expect(await next(0)).toEqual([0, 2, 4])
    await take(connection, channel, threes)
    expect(await next(6)).toEqual([6, 8, 9, 10])
    await take(connection, channel, everything)
    expect(await next(12)).toEqual([12, 13, 14, 15, 16, 17])
    await leaveSeat(connection, seat, everything)
    expect(await next(18)).toEqual([18, 20, 21, 22])
    await leaveSeat(connection, seat, twos)
    expect(await next(24)).toEqual([24, 27])
  })

  test('leave one by one: the seat ends with the last, once', async () => {
    const { connect, turnOver } = scene()
    const { connection, data } = connect()
    const channel = new FakeChannel()
    const [one, two] = [{}, {}]
    const seat = await take(connection, channel, one)
    await take(connection, channel, two)
    await leaveSeat(connection, seat, one)
    await leaveSeat(connection, seat, one)
    channel.message('still here')
    await turnOver()
    expect([data(), channel.log]).toEqual([['still here'], []])
    await leaveSeat(connection, seat, two)
    await leaveSeat(connection, seat, two)
    expect([channel.log, seatCount(connection)]).toEqual([['end'], 0])
    const again = await take(connection, channel)
    expect(again).not.toBe(seat)
  })

  test('the second one waits for the beginning that is under way', async () => {
    const { connection } = scene().connect()
    const channel = new FakeChannel()
    const go = channel.pause('begin')
    const begun: string[] = []
    const one = take(connection, channel).then(() => begun.push('one'))
    const two = take(connection, channel).then(() => begun.push('two'))
    await new Promise((resolve) => setImmediate(resolve))
    expect(begun).toEqual([])
    go()
    await Promise.all([one, two])
    expect([begun.sort(), channel.attachments.length]).toEqual([['one', 'two'], 1])
  })
})

describe('a beginning that fails', () => {
  test('leaves no seat behind, and is tried afresh', async () => {
    const { connection } = scene().connect()
    const channel = new FakeChannel()
    channel.fail('begin', unavailable)
    await expect(take(connection, channel)).rejects.toBe(unavailable)
    expect([seatCount(connection), channel.log]).toEqual([0, ['end']])
    channel.heal()
    await take(connection, channel)
    expect(seatCount(connection)).toBe(1)
  })

  test('fails for all who waited for it, and none of them keeps the seat', async () => {
    const { connection } = scene().connect()
    const channel = new FakeChannel()
    channel.fail('begin', unavailable)
    const all = [take(connection, channel), take(connection, channel), take(connection, channel)]
    const settled = await Promise.allSettled(all)
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect([seatCount(connection), channel.log]).toEqual([0, ['end']])
    channel.heal()
    await take(connection, channel)
    expect(channel.attachments).toHaveLength(2)
  })
})

test('left while it begins, it gets nothing', async () => {
  const { connect, turnOver } = scene()
  const { connection, data } = connect()
  const channel = new FakeChannel()
  const go = channel.pause('begin')
  const use = {}
  const taken = take(connection, channel, use)
  await vi.waitFor(() => expect(channel.attachments).toHaveLength(1))
  connection.closed(1006, '')
  go()
  await leaveSeat(connection, await taken, use)
  channel.message('late')
  await turnOver()
  expect([channel.log, data(), seatCount(connection)]).toEqual([['end'], [], 0])
})

describe('maxChannels', () => {
  test('bounds channels, not their uses', async () => {
    const { connection } = scene({ limits: { maxChannels: 2 } }).connect()
    const channels = ['a', 'b', 'c'].map((name) => new FakeChannel(name))
    const [a, b, c] = channels as [FakeChannel, FakeChannel, FakeChannel]
    const use = {}
    const seat = await take(connection, a, use)
    await take(connection, b)
    await take(connection, b)
    await expect(take(connection, c)).rejects.toEqual(limitReached)
    expect(c.attachments).toEqual([])
    await leaveSeat(connection, seat, use)
    await take(connection, c)
    expect(seatCount(connection)).toBe(2)
  })

  test('counts those that are being taken', async () => {
    const { connection } = scene({ limits: { maxChannels: 1 } }).connect()
    const [slow, other] = [new FakeChannel('slow'), new FakeChannel('other')]
    const go = slow.pause('begin')
    const taken = take(connection, slow)
    await expect(take(connection, other)).rejects.toEqual(limitReached)
    go()
    await taken
  })
})

test('a message of the turn in which a seat is left goes to nobody', async () => {
  const { connect, turnOver } = scene({ limits: { maxBufferedBytes: 1_000 } })
  const { connection, socket, data } = connect()
  const [left, other] = [new FakeChannel('left'), new FakeChannel('other')]
  const use = {}
  const seat = await take(connection, left, use)
  await take(connection, other)
  socket.stalled = true
  socket.send('.'.repeat(950))
  left.message('gone')
  other.message('too much')
  await leaveSeat(connection, seat, use)
  await turnOver()
  expect(data().slice(1)).toEqual([])
  expect(socket.closedWith?.code).toBe(1013)
})
