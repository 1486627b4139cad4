// What is particular to Node's HTTP servers: who answers an upgrade, and what became of the socket.

import { EventEmitter, once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { isChanError } from '@chan/core'
import { InMemoryChannelLayer } from '@chan/memory'
import { upgradeOutcome, waitFor } from '@chan/testkit'
import { afterEach, describe, expect, test } from 'vitest'
import { type ClientOptions, WebSocket, WebSocketServer } from 'ws'
import {
  adoptSocket,
  attachSockets,
  type ChannelSocket,
  websocketChannelHandler,
} from '../src/index.js'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
})

async function listen(server: Server): Promise<number> {
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

describe('an upgrade without a route', () => {
  test('is answered 404 where nobody else listens', async () => {
    const server = createServer()
    attachSockets(server).route('/ours', () => {})
    const port = await listen(server)
    expect(await upgradeOutcome(`ws://127.0.0.1:${port}/theirs`)).toBe(404)
    expect(await upgradeOutcome(`ws://127.0.0.1:${port}/ours`)).toBe('open')
  })

  test('is left to another listener, even one that came later', async () => {
    const server = createServer()
    attachSockets(server).route('/ours', () => {})
    const port = await listen(server)
    const theirs = new WebSocketServer({ noServer: true })
    server.on('upgrade', (request, socket, head) => {
      if (request.url === '/theirs') theirs.handleUpgrade(request, socket, head, () => {})
    })
    expect(await upgradeOutcome(`ws://127.0.0.1:${port}/theirs`)).toBe('open')
    expect(await upgradeOutcome(`ws://127.0.0.1:${port}/ours`)).toBe('open')
  })

  test('is answered once where several routers share the server', async () => {
    const server = createServer()
    attachSockets(server).route('/one', () => {})
    attachSockets(server).route('/two', () => {})
    const port = await listen(server)
    expect(await upgradeOutcome(`ws://127.0.0.1:${port}/one`)).toBe('open')
    expect(await upgradeOutcome(`ws://127.0.0.1:${port}/two`)).toBe('open')
    expect(await upgradeOutcome(`ws://127.0.0.1:${port}/three`)).toBe(404)
  })
})

test('requests that are no upgrade stay with the application', async () => {
  const app: RequestListener = (_request, response) => response.end('page')
  const server = createServer(app)
  attachSockets(server).route('/ours', () => {})
  const port = await listen(server)
  expect(await (await fetch(`http://127.0.0.1:${port}/ours`)).text()).toBe('page')
})

test('an https server is served the same; its writes wait, and are said to', async () => {
  // A shared key instead of a certificate: nothing to keep in a repository, nothing that expires.
  const psk = Buffer.alloc(16, 'k')
  const tls = { ciphers: 'PSK', minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const
  const server = createTlsServer({ ...tls, pskCallback: () => psk })
  const outcomes: string[] = []
  attachSockets(server).route('/ours', (socket) => {
    for (let i = 0; i < 3; i++) outcomes.push(socket.send(`${i}`))
  })
  const port = await listen(server as unknown as Server)
  const client = new WebSocket(`wss://127.0.0.1:${port}/ours`, {
    ...tls,
    pskCallback: () => ({ psk, identity: 'test' }),
    checkServerIdentity: () => undefined,
    origin: `https://127.0.0.1:${port}`,
  } as unknown as ClientOptions)
  const texts: string[] = []
  client.on('message', (text) => texts.push(String(text)))
  await waitFor(() => texts.length === 3, { label: 'three texts' })
  expect(texts).toEqual(['0', '1', '2'])
  expect(outcomes).toEqual(['buffered', 'buffered', 'buffered'])
  client.terminate()
})

test('bad options attach nothing', () => {
  const server = createServer()
  expect(() => attachSockets(server, { pingIntervalMs: 0 })).toThrow(
    expect.toSatisfy((error) => isChanError(error, 'invalid-option')),
  )
  expect(server.listenerCount('upgrade')).toBe(0)
  expect(server.headersTimeout).toBe(60_000)
})

test('the head of a request may take as long as the handshake may, or less', () => {
  const timeout = (given: number, handshakeTimeoutMs?: number) => {
    const server = createServer()
    server.headersTimeout = given
    attachSockets(server, handshakeTimeoutMs === undefined ? {} : { handshakeTimeoutMs })
    return server.headersTimeout
  }
  expect(timeout(60_000)).toBe(10_000)
  expect(timeout(0)).toBe(10_000)
  expect(timeout(5_000)).toBe(5_000)
  expect(timeout(60_000, 2_000)).toBe(2_000)
})

test('a peer that floods while admit is pending is made to wait, and loses nothing', async () => {
  const server = createServer()
  let admit = (_context: number) => {}
  let received = 0
  const sockets = attachSockets(server, {
    admit: () =>
      new Promise<number>((resolve) => {
        admit = resolve
      }),
    commands: { perSecond: 1e6, burst: 1e6 },
    maxQueuedFrames: 1e6,
  })
  sockets.route('/ours', (socket) => {
    const channel = new InMemoryChannelLayer().channel('any')
    void websocketChannelHandler(socket, channel, { onMessage: () => void received++ })
  })
  const port = await listen(server)
  const client = connect(port, '127.0.0.1')
  client.write(
    'GET /ours HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  )
  const frame = Buffer.concat([
    Buffer.from([0x81, 0xfe, 0x03, 0xe8, 0, 0, 0, 0]),
    Buffer.alloc(1000, 'x'),
  ])
  const count = 5_000
  for (let i = 0; i < count; i++) client.write(frame)
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(received).toBe(0)
  admit(1)
  await waitFor(() => received === count, { label: 'all frames' })
  client.destroy()
})

test('a socket that closed before it was adopted ends at once', async () => {
  const ws = Object.assign(new EventEmitter(), {
    readyState: WebSocket.CLOSED,
    bufferedAmount: 0,
    send: () => {},
    ping: () => {},
    close: () => {},
    terminate: () => {},
  })
  const request = { url: '/', headers: {}, socket: {} }
  const socket: ChannelSocket = adoptSocket(ws, request as never)
  await waitFor(() => socket.signal.aborted)
  expect(socket.send('x')).toBe('dropped')
})
