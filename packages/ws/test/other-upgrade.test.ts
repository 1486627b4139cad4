// Requests that offer another protocol than WebSocket are the application's, as without us.

import { type EventEmitter, once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { upgradeOutcome, waitFor } from '@chan/testkit'
import { afterEach, describe, expect, test } from 'vitest'
import { attachSockets } from '../src/index.js'

const servers: Server[] = []
const failures: unknown[] = []
const failed = (error: unknown) => failures.push(error)
process.on('uncaughtExceptionMonitor', failed)
process.on('warning', failed)
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
  expect(failures).toEqual([])
})

async function listen(server: Server): Promise<number> {
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** The paths and bodies it has read, and more than one write holds for `/large`. */
function application(): RequestListener {
  return async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { url, method, headers } = request
    if (url === '/slow') await new Promise((resolve) => setTimeout(resolve, 50))
    if (url === '/large') {
      for (let i = 0; i < 64; i++) {
        if (!response.write('x'.repeat(65_536))) await once(response, 'drain')
      }
    }
    response.end(`<${method} ${url} ${headers['x-mine'] ?? ''} ${body}>`)
  }
}

/** What Express does: a function, with requests and responses of its own making. */
function express(): RequestListener {
  const app = Object.assign(
    (request: never, response: never) => {
      Object.setPrototypeOf(response, Object.create(Object.getPrototypeOf(response), send))
      for (const each of stack) each(request, response)
    },
    { handle() {} },
  )
  const send = {
    send: {
      value(this: { setHeader(n: string, v: string): void; end(t: string): void }, text: string) {
        this.setHeader('X-Powered-By', 'Like Express')
        this.end(text)
      },
    },
  }
  const stack = [(_: never, response: { send(text: string): void }) => response.send('<express>')]
  return app as unknown as RequestListener
}

const h2c = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n'

function head(path: string, more = h2c, method = 'GET'): string {
  return `${method} ${path} HTTP/1.1\r\nHost: x\r\nX-Mine: \u00e9\r\n${more}\r\n`
}

/** A connection, what came, and whether it has ended. */
function dial(port: number, socket: Socket = connect(port, '127.0.0.1')) {
  const seen = { socket, text: '', closed: false, errors: 0 }
  socket.setEncoding('utf8')
  socket.on('data', (text) => {
    seen.text += text
  })
  socket.on('error', () => seen.errors++)
  socket.on('close', () => {
    seen.closed = true
  })
  const has = (...parts: readonly string[]) =>
    waitFor(() => parts.every((part) => seen.text.includes(part)), { label: parts.join() })
  const closes = () => waitFor(() => seen.closed, { label: 'the end' })
  const send = (text: string) => socket.write(text, 'latin1')
  return { seen, has, closes, send, socket }
}

const statuses = (text: string) => text.match(/HTTP\/1\.1 \d+/g)

describe('a request that offers h2c', () => {
  const both: [string, RequestListener, string][] = [
    ['node:http', application(), '<GET /page?a=1 \u00e9 >'],
    ['an app like Express', express(), 'X-Powered-By: Like Express'],
  ]
  test.each(both)('is answered by %s as without us', async (_name, app, expected) => {
    const bare = createServer(app)
    const ours = createServer(app)
    attachSockets(ours).route('/page', () => {})
    const answers: string[] = []
    for (const server of [bare, ours]) {
      const { has, send, seen, socket } = dial(await listen(server))
      send(head('/page?a=1'))
      await has(expected.slice(0, 3), '\r\n\r\n', expected)
      answers.push(seen.text.replace(/Date: .*/, ''))
      socket.destroy()
    }
    expect(answers[1]).toBe(answers[0])
  })

  test('is answered with 501 if it has a body, and the connection is closed', async () => {
    const server = createServer(application())
    attachSockets(server)
    const port = await listen(server)
    const chunked = `Transfer-Encoding: chunked\r\n${h2c}`
    const bodies = [`${head('/', `Content-Length: 5\r\n${h2c}`, 'POST')}hello`]
    bodies.push(`${head('/', chunked, 'POST')}5\r\nhello\r\n0\r\n\r\n`)
    // More than Node keeps of the headers: what follows the head may be a body.
    bodies.push(head('/', `${'a:\r\n'.repeat(2000)}Content-Length: 30\r\n${h2c}`, 'POST'))
    for (const body of bodies) {
      const { closes, send, seen } = dial(port)
      send(body + head('/smuggled', ''))
      await closes()
      expect(statuses(seen.text)).toEqual(['HTTP/1.1 501'])
      expect(seen.text).not.toContain('<')
    }
    const { has, send, socket } = dial(port)
    send(head('/empty', `Content-Length: 0\r\n${h2c}`, 'POST'))
    await has('<POST /empty \u00e9 >')
    socket.destroy()
  })

  test('keeps the connection for what follows, once, and pipelined requests their order', async () => {
    const server = createServer(application())
    attachSockets(server)
    const { has, closes, send, seen } = dial(await listen(server))
    const body = 'Content-Length: 2\r\n'
    send(head('/slow', '') + head('/large', '') + head('/one'))
    send(`${head('/two', body, 'POST')}ok`)
    await has('<POST /two \u00e9 ok>')
    send(head('/three', ''))
    await has('/three')
    send(head('/four'))
    await closes()
    const paths = seen.text.match(/<\w+ \/\w+/g)
    expect(paths).toEqual([
      ...['<GET /slow', '<GET /large', '<GET /one', '<POST /two', '<GET /three', '<GET /four'],
    ])
    expect(statuses(seen.text)).toHaveLength(6)
  })

  test('hurts nobody by leaving, resetting, or sending rubbish behind it', async () => {
    const server = createServer(application())
    const requests: string[] = []
    server.on('request', ({ url }) => requests.push(url ?? ''))
    const sockets = new Set<EventEmitter>()
    server.on('connection', (socket) => sockets.add(socket))
    attachSockets(server).route('/ours', () => {})
    const port = await listen(server)
    for (const before of ['', head('/slow', '')]) {
      for (const behind of [
        '',
        'rubbish\r\n\r\n',
        'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
        '\0'.repeat(1e5),
      ]) {
        for (const leave of ['end', 'destroy', 'resetAndDestroy'] as const) {
          const { send, socket, closes } = dial(port)
          await once(socket, 'connect')
          send(before + head('/x') + behind)
          await new Promise((resolve) => setTimeout(resolve, 2))
          socket[leave]()
          await closes()
        }
      }
    }
    await waitFor(() => [...sockets].every((socket) => (socket as Socket).destroyed), {
      label: 'the ends of all connections',
    })
    expect(await upgradeOutcome(`ws://127.0.0.1:${port}/ours`)).toBe('open')
    expect(requests).toContain('/x')
  })

  test('is left to another upgrade listener, and answered once where several routers are', async () => {
    const server = createServer(application())
    attachSockets(server)
    attachSockets(server)
    const port = await listen(server)
    const first = dial(port)
    first.send(head('/once'))
    await first.has('<GET /once')
    expect(statuses(first.seen.text)).toHaveLength(1)
    server.on('upgrade', ({ headers }, socket) => {
      if (headers.upgrade === 'h2c') socket.end('HTTP/1.1 101 Theirs\r\n\r\n')
    })
    const second = dial(port)
    second.send(head('/once'))
    await second.closes()
    expect(second.seen.text).toBe('HTTP/1.1 101 Theirs\r\n\r\n')
    first.socket.destroy()
  })

  test('is answered over TLS, too', async () => {
    const psk = Buffer.alloc(16, 'k')
    const tls = { ciphers: 'PSK', minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const
    const server = createTlsServer({ ...tls, pskCallback: () => psk }, application())
    attachSockets(server)
    const port = await listen(server as unknown as Server)
    const pskCallback = () => ({ psk, identity: 'test' })
    const checkServerIdentity = () => undefined
    const { has, send, socket } = dial(
      port,
      connectTls({ ...tls, port, host: '127.0.0.1', pskCallback, checkServerIdentity }),
    )
    send(head('/one') + head('/two', ''))
    await has('<GET /one \u00e9 >', '<GET /two \u00e9 >')
    socket.destroy()
  })

  test('among others is a WebSocket handshake, and no good one', async () => {
    const server = createServer(application())
    attachSockets(server).route('/ours', () => {})
    const { closes, send, seen } = dial(await listen(server))
    send(head('/ours', 'Connection: Upgrade\r\nUpgrade: h2c, websocket\r\n'))
    await closes()
    expect(statuses(seen.text)).toEqual(['HTTP/1.1 400'])
  })
})
