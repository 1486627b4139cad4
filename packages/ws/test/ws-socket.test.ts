// S3 to S5 where a real network cannot be made to say it: what ws reports, in every order.

import { EventEmitter } from 'node:events'
import type { SocketHandler } from '@chan/sockets'
import { describe, expect, test } from 'vitest'
import { WsSocket } from '../src/ws-socket.js'

class FakeWs extends EventEmitter {
  readyState = 1
  bufferedAmount = 0
  readonly writes: (() => void)[] = []

  send(_data: string, written: () => void): void {
    this.writes.push(written)
  }
  ping(): void {
    throw new Error('ping of a socket that is not open')
  }
  close(): void {}
  terminate(): void {}
}

function listening() {
  const ws = new FakeWs()
  const calls: string[] = []
  const handler: SocketHandler = {
    message: (data) => calls.push(typeof data === 'string' ? `text ${data}` : 'binary'),
    ping: () => calls.push('ping'),
    pong: () => calls.push('pong'),
    drain: () => calls.push('drain'),
    closed: (code, reason) => calls.push(`closed ${code} ${reason}`),
  }
  const socket = new WsSocket(ws)
  socket.listen(handler)
  return { ws, socket, calls }
}

describe('S4 drain', () => {
  test('never comes after frames that were sent at once', () => {
    const { ws, socket, calls } = listening()
    expect(socket.send('a')).toBe('sent')
    for (const written of ws.writes) written()
    expect(calls).toEqual([])
  })

  test('comes with every part that leaves, and once for what left together', () => {
    const { ws, socket, calls } = listening()
    expect(socket.send('sent at once')).toBe('sent')
    ws.bufferedAmount = 10
    expect(['a', 'b', 'c'].map((text) => socket.send(text))).toEqual(Array(3).fill('buffered'))
    ws.writes[0]?.()
    expect(calls).toEqual([])
    ws.bufferedAmount = 2
    ws.writes[1]?.()
    ws.writes[2]?.()
    expect(calls).toEqual(['drain'])
    ws.bufferedAmount = 0
    ws.writes[3]?.()
    expect(calls).toEqual(['drain', 'drain'])
  })

  test('comes where everything left before the next frame, which was sent at once', () => {
    const { ws, socket, calls } = listening()
    ws.bufferedAmount = 10
    socket.send('a')
    ws.bufferedAmount = 0
    expect(socket.send('b')).toBe('sent')
    for (const written of ws.writes) written()
    expect(calls).toEqual(['drain'])
  })
})

test('S3 sentBytes is what was seen leaving, where the stream does not tell', () => {
  const { ws, socket } = listening()
  socket.send('12345')
  expect(socket.sentBytes).toBe(5)
  ws.bufferedAmount = 10
  socket.send('x'.repeat(8))
  ws.bufferedAmount = 20
  socket.send('x'.repeat(8))
  expect(socket.sentBytes).toBe(5)
  ws.bufferedAmount = 10
  ws.writes[1]?.()
  expect(socket.sentBytes).toBe(15)
  ws.readyState = 3
  expect(socket.sentBytes).toBe(15)
})

describe('S5 closed', () => {
  test('once, with what the peer said, and nothing after it', () => {
    const { ws, socket, calls } = listening()
    ws.bufferedAmount = 10
    socket.send('a')
    ws.readyState = 3
    ws.emit('close', 4001, Buffer.from('grüße'))
    ws.emit('close', 1006, Buffer.alloc(0))
    ws.writes[0]?.()
    expect(calls).toEqual(['closed 4001 grüße'])
    expect(socket.send('b')).toBe('dropped')
    socket.ping()
  })

  test.each([
    ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 1009],
    ['WS_ERR_INVALID_UTF8', 1007],
    ['WS_ERR_EXPECTED_MASK', 1002],
    ['ECONNRESET', 1006],
  ])('after %s: %i', (code, expected) => {
    const { ws, calls } = listening()
    ws.emit('error', Object.assign(new Error('bad'), { code }))
    ws.emit('close', 1006, Buffer.alloc(0))
    expect(calls).toEqual([`closed ${expected} ${expected === 1006 ? '' : 'bad'}`])
  })
})

test('messages arrive as text or as binary', () => {
  const { ws, calls } = listening()
  ws.emit('message', Buffer.from('é'), false)
  ws.emit('message', Buffer.from('é'), true)
  ws.emit('ping')
  ws.emit('pong')
  expect(calls).toEqual(['text é', 'binary', 'ping', 'pong'])
})
