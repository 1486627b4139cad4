// S3 and S4 on real streams, plain, encrypted and with an extension: what waits, what has left, and
// that it is told, whoever wrote it.

import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { readBytes, waitFor } from '@chan/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { adoptSocket, type ChannelSocket } from '../src/index.js'
import { WsSocket } from '../src/ws-socket.js'

const PING = Buffer.concat([Buffer.from([0x89, 0xfd, 0, 0, 0, 0]), Buffer.alloc(125)])
const MIB = 2 ** 20
// A shared key instead of a certificate: nothing to keep in a repository, nothing that expires.
const psk = randomBytes(32)
const tls = { ciphers: 'PSK', minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const

/** An option that the types of ws do not know yet. */
const unlimited = { maxPendingAutoPongs: 0 }
const HEAD =
  'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n' +
  'Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n'

type Kind = 'plain' | 'encrypted' | 'with an extension'

async function connected(kind: Kind) {
  const secure = kind === 'encrypted'
  const server = secure ? createTlsServer({ ...tls, pskCallback: () => psk }) : createServer()
  const perMessageDeflate = kind === 'with an extension'
  const accepting = new WebSocketServer({ server, perMessageDeflate, ...unlimited })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const client: Socket = secure
    ? connectTls({
        port,
        ...tls,
        checkServerIdentity: () => undefined,
        pskCallback: () => ({ psk, identity: 'test' }),
      })
    : connect(port, '127.0.0.1')
  client.on('error', () => {})
  client.write(HEAD)
  const drains: number[] = []
  const seen = { pings: 0, closed: 0 }
  const socket = await new Promise<WsSocket>((resolve) => {
    accepting.on('connection', (ws) => {
      expect(ws.extensions !== '').toBe(perMessageDeflate)
      const socket = new WsSocket(ws)
      socket.listen({
        message() {},
        ping: () => seen.pings++,
        pong() {},
        drain: () => drains.push(socket.bufferedBytes),
        closed: (code) => {
          seen.closed = code
        },
      })
      resolve(socket)
    })
  })
  await new Promise<void>((resolve) => client.once('data', () => resolve()))
  client.on('data', () => {})
  client.pause()
  onTestFinished(() => {
    client.destroy()
    accepting.close()
    server.close()
  })
  /** The peer reads so much more, and the server sees it. */
  const read = async (bytes: number) => {
    await readBytes(client, bytes)
    await turns()
  }
  return { socket, client, drains, seen, read }
}

const turns = async () => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
}

describe.each<Kind>(['plain', 'encrypted', 'with an extension'])('%s', (kind) => {
  /** Has more written until something waits for a peer that does not read. */
  const fill = async ({ socket }: { readonly socket: WsSocket }, more: () => void) => {
    do {
      for (let i = 0; i < 100; i++) more()
      await turns()
    } while (socket.bufferedBytes === 0)
  }

  test.each(['pongs', 'pings of ours'])('S4 drain comes where only %s wait', async (what) => {
    const scene = await connected(kind)
    const { socket, client, drains, seen, read } = scene
    await fill(scene, () => client.write(PING))
    if (what === 'pings of ours') {
      // The kernel is all but full.
      while (socket.bufferedBytes > 0) await read(1)
      await fill(scene, () => socket.ping())
    }
    expect(socket.bufferedBytes).toBeGreaterThan(0)
    const before = drains.length
    await turns()
    expect(drains.length).toBe(before)
    client.resume()
    await waitFor(() => socket.bufferedBytes === 0 && drains.at(-1) === 0)
    expect(drains.length).toBeGreaterThan(before)
    expect(seen.pings).toBeGreaterThan(0)
  })

  test('S4 drain comes before everything has left', async () => {
    const { socket, client, drains } = await connected(kind)
    for (let i = 0; i < 40; i++) socket.send(randomBytes(MIB / 2).toString('hex'))
    await turns()
    client.resume()
    await waitFor(() => socket.bufferedBytes === 0)
    expect(drains.length).toBeGreaterThan(1)
    expect(drains[0]).toBeGreaterThan(0)
    expect(drains.at(-1)).toBe(0)
  })

  test('S4 nothing is told after the end, and a close that waits is told of', async () => {
    const { socket, client, drains, seen } = await connected(kind)
    socket.send(randomBytes(4 * MIB).toString('hex'))
    socket.close(4000, 'enough')
    await waitFor(() => socket.bufferedBytes > 0)
    await turns()
    client.resume()
    await waitFor(() => socket.bufferedBytes === 0 && drains.at(-1) === 0)
    const { length } = drains
    client.destroy()
    await waitFor(() => seen.closed > 0)
    await turns()
    expect(drains.length).toBe(length)
  })

  test('S3 sentBytes stands still for who does not read, and grows amid one large frame', async () => {
    const { socket, client, read } = await connected(kind)
    const large = randomBytes(16 * MIB).toString('hex')
    socket.send(large)
    // The kernel takes the first megabytes, compressed in their time.
    await waitFor(() => socket.sentBytes > MIB)
    await new Promise((resolve) => setTimeout(resolve, 200))
    const stalled = socket.sentBytes
    expect(stalled).toBeLessThan(12 * MIB)
    for (let i = 0; i < 20; i++) {
      socket.send(randomBytes(10_000).toString('hex'))
      socket.ping()
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
    client.resume()
    await waitFor(() => socket.bufferedBytes === 0)
    const { sentBytes } = socket
    expect(sentBytes).toBeGreaterThan(large.length / 2)
    client.destroy()
    await turns()
    expect(socket.sentBytes).toBe(sentBytes)
  })
})

test('S11 where ws has no limit of its own, the bound of the connection holds', async () => {
  const maxBufferedBytes = 100_000
  const server = createServer()
  const accepting = new WebSocketServer({ server, ...unlimited })
  let adopted: ChannelSocket | undefined
  let most = 0
  accepting.on('connection', (ws, request) => {
    adopted = adoptSocket(ws, request, { maxBufferedBytes, closeTimeoutMs: 100 })
    ws.on('ping', () => {
      most = Math.max(most, ws.bufferedAmount)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const client = connect(port, '127.0.0.1')
  onTestFinished(() => {
    client.destroy()
    accepting.close()
    server.close()
  })
  client.on('error', () => {})
  client.write(HEAD)
  await waitFor(() => adopted !== undefined)
  const many = Buffer.concat(Array<Buffer>(500).fill(PING))
  await waitFor(() => client.write(many) && adopted?.signal.aborted, { deadlineMs: 20_000 })
  expect(most).toBeGreaterThan(maxBufferedBytes)
  expect(most).toBeLessThan(maxBufferedBytes + 64 * 1024 + 1000)
  await waitFor(() => accepting.clients.size === 0)
})
