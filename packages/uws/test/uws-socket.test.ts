// S3 to S6 where a real network cannot be made to say it.

import type { SocketHandler } from '@chan/sockets'
import { describe, expect, test } from 'vitest'
import { Cohort } from '../src/cohort.js'
import { endingOf } from '../src/violation.js'
import { fakeSocket } from './fake-uws.js'

function listening(deflates = false) {
  const { ws, socket } = fakeSocket(deflates)
  const calls: string[] = []
  const handler: SocketHandler = {
    message: (data) => calls.push(typeof data === 'string' ? `text ${data}` : 'binary'),
    ping: () => calls.push('ping'),
    pong: () => calls.push('pong'),
    drain: () => calls.push('drain'),
    closed: (code, reason) => calls.push(`closed ${code} ${reason}`),
  }
  return { ws, socket, calls, handler, listen: () => socket.listen(handler) }
}

/** The turn of uWS is over. */
const later = () => new Promise((resolve) => setImmediate(resolve))

describe('S3 send', () => {
  test('tells what became of the frame', () => {
    const { ws, socket } = listening()
    expect(socket.send('a')).toBe('sent')
    ws.status = 0
    ws.buffered = 10
    expect(socket.send('b')).toBe('buffered')
    expect(socket.bufferedBytes).toBe(10)
  })

  test('a frame that uWS drops ends the connection: nothing after it would be in order', () => {
    const { ws, socket, calls, listen } = listening()
    listen()
    ws.status = 2
    expect(socket.send('a')).toBe('dropped')
    expect(calls).toEqual(['closed 1006 '])
  })

  test('everything is harmless after the end, whoever ended it', () => {
    for (const end of ['close', 'end'] as const) {
      const { ws, socket, listen } = listening()
      listen()
      ws[end](1000, Buffer.alloc(0))
      expect(socket.send('a')).toBe('dropped')
      expect(socket.bufferedBytes).toBe(0)
      socket.write([Buffer.from('a'), Buffer.from('b')])
      socket.ping()
      socket.close(1000, '')
      socket.terminate()
      const cohort = new Cohort('topic', [])
      socket.subscribe(cohort)
      socket.unsubscribe(cohort)
      expect(ws.received).toEqual([])
    }
  })
})

describe('S4 drain', () => {
  test('comes with every part that leaves, and not where nothing was given', async () => {
    const { ws, socket, calls, listen } = listening()
    listen()
    socket.drained()
    await later()
    ws.status = 0
    ws.buffered = 10
    socket.send('a')
    expect(calls).toEqual([])
    ws.buffered = 5
    socket.drained()
    await later()
    expect(calls).toEqual(['drain'])
    ws.buffered = 0
    socket.drained()
    socket.drained()
    await later()
    expect(calls).toEqual(['drain', 'drain'])
  })

  test('comes also where only a pong waited, a ping of ours, or a close', async () => {
    for (const give of ['pinged', 'ping', 'close'] as const) {
      const { ws, socket, calls, listen } = listening()
      listen()
      ws.buffered = 20
      if (give === 'pinged') socket.pinged(10)
      else if (give === 'ping') socket.ping()
      else socket.close(4000, 'enough')
      calls.length = 0
      ws.buffered = 10
      socket.drained()
      await later()
      expect(calls).toEqual(['drain'])
      ws.buffered = 0
      socket.drained()
      await later()
      expect(calls).toEqual(['drain', give === 'close' ? 'closed 4000 enough' : 'drain'])
    }
  })

  test('comes also where uWS took a frame, and could not write it later', async () => {
    const { ws, socket, calls, listen } = listening()
    listen()
    // Within a callback of uWS frames are held until it returns.
    expect(socket.send('a')).toBe('sent')
    ws.buffered = 10
    expect(socket.bufferedBytes).toBe(10)
    ws.buffered = 0
    socket.drained()
    await later()
    expect(calls).toEqual(['drain'])
  })

  test('comes when uWS is through with the socket, once, and not after the end', async () => {
    const { ws, socket, calls, listen } = listening()
    listen()
    for (const end of [false, true]) {
      socket.send('a')
      ws.buffered = 10
      socket.drained()
      socket.drained()
      expect(calls).toEqual([])
      if (end) ws.close()
      await later()
      expect(calls.splice(0)).toEqual(end ? ['closed 1006 '] : ['drain'])
    }
  })
})

describe('S3 sentBytes', () => {
  test('is what was given and does not wait; a pong of uWS makes it grow when it leaves', () => {
    const { ws, socket } = listening()
    socket.send('x'.repeat(100))
    expect(socket.sentBytes).toBe(102)
    ws.buffered = 1004
    socket.send('x'.repeat(1000))
    expect(socket.sentBytes).toBe(102)
    ws.buffered += 12
    socket.pinged(10)
    ws.buffered += 1004
    socket.write([Buffer.alloc(1000)])
    ws.buffered += 2
    socket.ping()
    expect(socket.sentBytes).toBe(102)
    ws.buffered = 2000
    expect(socket.sentBytes).toBe(124)
    ws.buffered = 0
    socket.drained()
    expect(socket.sentBytes).toBe(2124)
    ws.close()
    expect(socket.sentBytes).toBe(2124)
  })

  test('with compression is what is seen leaving', () => {
    const { ws, socket } = listening(true)
    ws.buffered = 100
    socket.send('x'.repeat(5000))
    socket.drained()
    ws.buffered = 200
    socket.send('x'.repeat(5000))
    expect(socket.sentBytes).toBe(0)
    ws.buffered = 150
    socket.drained()
    expect(socket.sentBytes).toBe(50)
  })
})

describe('close', () => {
  test('comes after what waits; until then the connection can be dropped', () => {
    const { ws, socket, calls, listen } = listening()
    listen()
    ws.buffered = 10
    socket.close(4000, 'enough')
    socket.close(4001, 'again')
    expect(socket.send('late')).toBe('dropped')
    expect(ws.calls).toEqual([])
    ws.buffered = 0
    socket.drained()
    expect(ws.calls).toEqual(['end 4000'])
    expect(calls).toEqual(['closed 4000 enough'])
    const stalled = listening()
    stalled.listen()
    stalled.ws.buffered = 10
    stalled.socket.close(4000, 'enough')
    stalled.socket.terminate()
    expect(stalled.ws.calls).toEqual(['close'])
    expect(stalled.calls).toEqual(['closed 1006 '])
  })

  test('S6 before anybody listens: told later, once', async () => {
    const { socket, calls, listen } = listening()
    socket.close(1012, 'going')
    listen()
    expect(calls).toEqual([])
    await Promise.resolve()
    socket.closed({ code: 1006, reason: '' })
    expect(calls).toEqual(['closed 1012 going'])
  })
})

test('what arrives goes to the handler', () => {
  const { socket, calls, listen } = listening()
  listen()
  socket.message('é')
  socket.message(new Uint8Array())
  socket.pinged(0)
  socket.pong()
  expect(calls).toEqual(['text é', 'binary', 'ping', 'pong'])
})

test.each([
  [1000, 'bye', 1000, 'bye'],
  [1005, '', 1005, ''],
  [1006, '', 1006, ''],
  [1006, 'Received TCP FIN before WebSocket close frame', 1006, ''],
  [1006, 'Received invalid UTF-8', 1007, 'Received invalid UTF-8'],
  [1006, 'Received too big message', 1009, 'Received too big message'],
  [1006, 'Received invalid WebSocket frame', 1002, 'Received invalid WebSocket frame'],
  [1006, 'Received invalid close payload', 1005, ''],
])('uWS says %i %j: %i %j', (code, text, expected, reason) => {
  expect(endingOf(code, text)).toEqual({ code: expected, reason })
})
