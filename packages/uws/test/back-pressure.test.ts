// S3, S4 and S11 on real sockets: what has left, and that it is told.

import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import type { Socket, SocketGate } from '@chan/sockets'
import { readBytes, waitFor } from '@chan/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { UwsApp } from '../src/app.js'
import { behavior } from '../src/behavior.js'
import { listen, skipReason } from './native.js'

const MIB = 2 ** 20
const LONG = 125
const PING = Buffer.concat([Buffer.from([0x89, 0x80 | LONG, 0, 0, 0, 0]), Buffer.alloc(LONG)])

async function connected({ perMessageDeflate = false } = {}) {
  const server = listen()
  const drains: number[] = []
  const seen = { pings: 0, closed: 0 }
  let opened: Socket | undefined
  const gate: SocketGate = {
    maxPayloadBytes: 1000,
    handshakeTimeoutMs: 1000,
    closeTimeoutMs: 1000,
    matches: () => true,
    admit: async (request) => ({ refused: false, protocol: undefined, request }),
    open(socket) {
      opened = socket
      return {
        message() {},
        ping: () => seen.pings++,
        pong() {},
        drain: () => drains.push(socket.bufferedBytes),
        closed: (code) => {
          seen.closed = code
        },
      }
    },
  }
  const app = server.app as unknown as UwsApp
  app.ws('/ws', behavior(gate, { perMessageDeflate }, app))
  const client = connect(server.port, '127.0.0.1')
  client.on('error', () => {})
  client.write(
    'GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n' +
      'Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n',
  )
  await new Promise<void>((resolve) => client.once('data', () => resolve()))
  client.on('data', () => {})
  client.pause()
  onTestFinished(async () => {
    client.destroy()
    await server.close()
  })
  /** The peer reads so much more, and the server sees it. */
  const read = async (bytes: number) => {
    await readBytes(client, bytes)
    await turns()
  }
  await waitFor(() => opened !== undefined)
  return { socket: opened as unknown as Socket, client, drains, seen, read }
}

const turns = async () => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
}

describe.skipIf(skipReason)('on uWebSockets.js', () => {
  test('S4 drain comes where only pongs wait, with every part; they count as sent', async () => {
    const { socket, client, drains, seen } = await connected()
    while (socket.bufferedBytes < MIB) {
      client.write(Buffer.concat(Array<Buffer>(100).fill(PING)))
      await turns()
    }
    expect(drains).toEqual([])
    const pongs = seen.pings * (LONG + 2)
    expect(socket.sentBytes).toBe(pongs - socket.bufferedBytes)
    client.resume()
    await waitFor(() => drains.at(-1) === 0)
    expect(socket.sentBytes).toBe(pongs)
    client.destroy()
    await waitFor(() => seen.closed > 0)
    expect(socket.sentBytes).toBe(pongs)
  })

  test.each([false, true])(
    'S3 sentBytes stands still for who does not read, and grows amid one large frame (compression: %s)',
    async (perMessageDeflate) => {
      const { socket, client, drains, read } = await connected({ perMessageDeflate })
      const large = randomBytes(16 * MIB).toString('hex')
      expect(socket.send(large)).toBe('buffered')
      await turns()
      const stalled = socket.sentBytes
      for (let i = 0; i < 20; i++) {
        socket.send(randomBytes(10_000).toString('hex'))
        socket.ping()
        client.write(PING)
        await turns()
        expect(socket.sentBytes).toBe(stalled)
      }
      const steps = new Set<number>()
      while (socket.bufferedBytes > 2 * MIB) {
        await read(MIB)
        steps.add(socket.sentBytes)
      }
      expect(steps.size).toBeGreaterThan(2)
      expect([...steps]).toEqual([...steps].sort((a, b) => a - b))
      expect(drains.length).toBeGreaterThan(1)
      expect(drains[0]).toBeGreaterThan(0)
      client.resume()
      await waitFor(() => drains.at(-1) === 0)
      // What compression makes of it is known only of what waits; the kernel takes the first megabytes.
      expect(socket.sentBytes).toBeGreaterThan(large.length / 3)
      expect(socket.sentBytes).toBeLessThan(large.length + 20 * 20_200)
    },
  )
})
