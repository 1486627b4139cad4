// Who is gone without a word is found; who reads, however slowly, stays.

import { describe, expect, test } from 'vitest'
import { scene } from './scene.js'

const SECOND = 1_000

function beating() {
  const { clock, connect } = scene({ limits: { maxBufferedBytes: 1_000 } })
  const { socket, connection } = connect()
  const seconds = (count: number, each = (_: number) => {}) => {
    for (let second = 0; second < count; second++) {
      clock.advance(SECOND)
      each(second)
    }
  }
  /** Bytes wait for the peer. */
  const stall = (bytes = 100) => {
    socket.stalled = true
    socket.send('x'.repeat(bytes))
  }
  return { clock, socket, connection, seconds, stall }
}

describe('while nothing waits', () => {
  test('pings every 25 s as long as something is heard within 10 s', () => {
    const { clock, socket, connection, seconds } = beating()
    seconds(240, () => {
      if (socket.pings > 0) connection.pong()
    })
    expect(socket.terminated).toBe(0)
    expect(socket.pings).toBeGreaterThanOrEqual(8)
    connection.closed(1000, '')
    expect(clock.pending).toBe(0)
  })

  test('a silent peer is dead 35 s after it was heard last, two seconds late at most', () => {
    const { clock, socket, connection } = beating()
    clock.advance(35_000)
    expect([socket.pings, socket.terminated]).toEqual([1, 0])
    clock.advance(4_000)
    expect([socket.pings, socket.terminated]).toEqual([1, 1])
    expect(connection.ending).toEqual({ code: 1006, reason: 'heartbeat timeout' })
    expect(clock.pending).toBe(0)
  })

  test('what was heard before the ping is no answer to it', () => {
    const { clock, socket, connection } = beating()
    clock.advance(20_000)
    connection.pong()
    clock.advance(20_000)
    expect([socket.pings, socket.terminated]).toEqual([1, 1])
  })

  test.each([
    ['a frame', 'message', 'hello'],
    ['a ping', 'ping', undefined],
    ['a pong', 'pong', undefined],
  ] as const)('%s is a sign of life', (_what, method, given) => {
    const { clock, socket, connection } = beating()
    clock.advance(27_000)
    expect(socket.pings).toBe(1)
    connection[method](given as string)
    clock.advance(12_000)
    expect(socket.terminated).toBe(0)
  })
})

describe('while bytes wait', () => {
  test('none of which leaves for 60 s: 1013', () => {
    const { socket, seconds, stall, connection } = beating()
    stall()
    // A ping would stand behind them. What is heard says nothing about whether anybody reads.
    seconds(84, () => connection.pong())
    expect([socket.pings, socket.closedWith]).toEqual([0, undefined])
    seconds(4, () => connection.pong())
    expect(socket.closedWith).toEqual({ code: 1013, reason: 'slow consumer' })
  })

  test('who reads slowly but steadily stays, for hours, without a word', () => {
    const { socket, seconds, stall } = beating()
    stall()
    seconds(4 * 3_600, (second) => {
      if (second % 50 > 0) return
      socket.read(1)
      socket.send('y')
    })
    expect(socket.bufferedBytes).toBe(100)
    expect([socket.closedWith, socket.terminated, socket.pings]).toEqual([undefined, 0, 0])
  })

  test('who reads a little and then nothing is closed within two minutes of its last byte', () => {
    const { socket, seconds, stall } = beating()
    stall()
    seconds(30)
    socket.read(1)
    seconds(90)
    expect(socket.closedWith).toBeUndefined()
    seconds(32)
    expect(socket.closedWith?.code).toBe(1013)
  })

  test('what begins to wait after a ping excuses its pong: the bytes tell', () => {
    const { socket, seconds, stall } = beating()
    seconds(26)
    expect(socket.pings).toBe(1)
    stall()
    seconds(60, (second) => second % 20 === 0 && socket.read(1))
    expect([socket.closedWith, socket.terminated]).toEqual([undefined, 0])
  })

  test('the first ping after they left has 60 s: it stands behind what is on its way yet', () => {
    const { socket, seconds, stall, connection } = beating()
    stall()
    seconds(27)
    socket.read()
    seconds(61)
    expect(socket.pings).toBe(1)
    seconds(58)
    expect(socket.terminated).toBe(0)
    connection.pong()
    // From then on as if nothing had waited.
    for (let second = 0; second < 30 && socket.pings === 1; second++) seconds(1)
    expect(socket.pings).toBe(2)
    seconds(9)
    expect(socket.terminated).toBe(0)
    seconds(4)
    expect(socket.terminated).toBe(1)
  })

  test('who pings without end and reads nothing is closed, and dropped if it goes on', () => {
    const { socket, connection, stall } = beating()
    stall(1_000 + 64 * 1024)
    connection.ping()
    expect(socket.closedWith).toBeUndefined()
    stall(1)
    connection.ping()
    expect(socket.closedWith?.code).toBe(1013)
    expect(socket.terminated).toBe(0)
    connection.ping()
    expect(socket.terminated).toBe(1)
  })
})
