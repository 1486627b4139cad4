// What is particular to apps of uWebSockets.js: whose paths are whose, and how uWS ends connections.

import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import { isChanError } from '@chan/core'
import { InMemoryChannelLayer } from '@chan/memory'
import { type BridgeResult, websocketChannelHandler } from '@chan/sockets'
import { upgradeOutcome, waitFor } from '@chan/testkit'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { attachSockets, type UwsApp } from '../src/index.js'
import { FakeApp } from './fake-uws.js'
import { listen, skipReason } from './native.js'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const server of open.splice(0)) await server.close()
})

function serve(options: Parameters<typeof listen>[0] = {}) {
  const server = listen(options)
  open.push(server)
  return { ...server, url: `ws://127.0.0.1:${server.port}` }
}

const opened = (client: WebSocket) => new Promise((resolve) => client.on('open', resolve))

describe('what is no app of uWebSockets.js', () => {
  test.each([
    ['nothing', undefined],
    ['a server of node:http', createServer()],
    ['an app of express-ws', { ws: () => {} }],
  ])('%s is refused, with the way out', (_what, app) => {
    const attach = () => attachSockets(app as unknown as UwsApp)
    expect(attach).toThrow(
      expect.toSatisfy(
        (error) => isChanError(error, 'invalid-option') && /uWS\.App/.test(error.hint),
      ),
    )
  })
})

test('bad options attach nothing, whatever uWS would make of them', () => {
  const paths: string[] = []
  const app = Object.assign(new FakeApp(), { ws: (path: string) => paths.push(path) })
  for (const options of [
    { pingIntervalMs: 0 },
    { maxPayloadBytes: -1 },
    { fanOut: 'x' as 'turn' },
  ]) {
    expect(() => attachSockets(app, options)).toThrow(
      expect.toSatisfy((error) => isChanError(error, 'invalid-option')),
    )
  }
  expect(() => attachSockets(app).route('/a/*', () => {})).toThrow()
  expect(paths).toEqual([])
})

describe.skipIf(skipReason)('on uWebSockets.js', () => {
  test('the longest options are within what uWS takes', async () => {
    const longest = { maxPayloadBytes: Number.MAX_SAFE_INTEGER, pingIntervalMs: 2 ** 31 - 1 }
    const { router, url } = serve(longest)
    router.route('/ours', () => {})
    expect(await upgradeOutcome(`${url}/ours`)).toBe('open')
  })

  test('other paths, and requests that are no upgrade, stay with the app', async () => {
    const { app, router, port, url } = serve()
    router.route('/ours/:room', () => {})
    app.get('/ours/:room', (response) => void response.end('page'))
    app.ws('/theirs', {})
    const page = `http://127.0.0.1:${port}/ours/a`
    expect(await (await fetch(page)).text()).toBe('page')
    const headers = { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' }
    expect(await (await fetch(page, { headers })).text()).toBe('page')
    expect(await upgradeOutcome(`${url}/theirs`)).toBe('open')
    expect(await upgradeOutcome(`${url}/nobodys`)).toBe(404)
    expect(await upgradeOutcome(`${url}/ours/a`)).toBe('open')
  })

  test('several routers share an app', async () => {
    const { app, router, url } = serve()
    router.route('/one', () => {})
    attachSockets(app).route('/two', () => {})
    expect(await upgradeOutcome(`${url}/one`)).toBe('open')
    expect(await upgradeOutcome(`${url}/two`)).toBe('open')
    expect(await upgradeOutcome(`${url}/three`)).toBe(404)
  })

  test('a path may be written in any encoding, and added while the app listens', async () => {
    const { router, url } = serve()
    const seen: string[] = []
    router.route('/grüße/:name', (_socket, { params }) => seen.push(params.name))
    router.route('/a b', () => seen.push('a b'))
    for (const path of ['/gr%C3%BC%c3%9fe/x%20y', '/a%20b', '/%61%20b']) {
      expect(await upgradeOutcome(url + path)).toBe('open')
    }
    expect(await upgradeOutcome(`${url}/other/x`)).toBe(404)
    expect(seen).toEqual(['x y', 'a b', 'a b'])
  })

  test('an admission that settles while uWS reads another request does not end the process', async () => {
    let settleFirst: (() => void) | undefined
    const admit = () => {
      if (!settleFirst) {
        return new Promise<void>((resolve) => {
          settleFirst = resolve
        })
      }
      // After the second has its socket, and before Node returns to uWS.
      void promises(100).then(settleFirst)
      settleFirst = undefined
    }
    const { router, url } = serve()
    router.route('/ours', { admit }, (socket) => void socket.send('hello'))
    const greeted = (client: WebSocket) => new Promise((resolve) => client.on('message', resolve))
    for (let pair = 0; pair < 5; pair++) {
      const first = new WebSocket(`${url}/ours`)
      await waitFor(() => settleFirst !== undefined)
      const second = new WebSocket(`${url}/ours`)
      const texts = await Promise.all([greeted(first), greeted(second)])
      expect(texts.map(String)).toEqual(['hello', 'hello'])
      first.terminate()
      second.terminate()
    }
  })

  test('a page of the app may settle an admission, and is answered', async () => {
    let settle: (() => void) | undefined
    const admit = () =>
      new Promise<void>((resolve) => {
        settle = resolve
      })
    const { app, router, port, url } = serve()
    router.route('/ours', { admit }, (socket) => void socket.send('hello'))
    app.get('/approve', (response) => {
      settle?.()
      response.end('approved')
    })
    for (let i = 0; i < 3; i++) {
      settle = undefined
      const client = new WebSocket(`${url}/ours`)
      const text = new Promise((resolve) => client.on('message', resolve))
      await waitFor(() => settle !== undefined)
      expect(await (await fetch(`http://127.0.0.1:${port}/approve`)).text()).toBe('approved')
      expect(String(await text)).toBe('hello')
      client.terminate()
    }
  })

  test('another version of the protocol is answered 426', async () => {
    const { router, url } = serve()
    router.route('/ours', () => {})
    expect(await upgradeOutcome(`${url}/ours`, { protocolVersion: 8 })).toBe(426)
  })

  test('headers that came several times are one', async () => {
    const { router, port } = serve()
    let seen: unknown
    router.route('/ours', (_socket, { headers, cookies }) => {
      seen = [headers['x-a'], headers.authorization, { ...cookies }]
    })
    raw(
      port,
      '/ours',
      'X-A: 1\r\nX-A: 2\r\nAuthorization: a\r\nAuthorization: b\r\nCookie: c=1\r\nCookie: d=2\r\n',
    )
    await waitFor(() => seen !== undefined)
    expect(seen).toEqual(['1, 2', 'a', { c: '1', d: '2' }])
  })

  test('frames that come before the bridge stands are held, in order', async () => {
    const { router, url } = serve()
    const layer = new InMemoryChannelLayer()
    const seen: string[] = []
    let go = () => {}
    router.route('/ours', (socket) =>
      websocketChannelHandler(socket, layer.channel('chat'), {
        onConnect: () =>
          new Promise<void>((resolve) => {
            go = resolve
          }),
        onMessage: (text) => void seen.push(text),
      }),
    )
    const client = new WebSocket(`${url}/ours`)
    await opened(client)
    for (const text of ['1', '2', '\ufeffé']) client.send(text)
    client.ping()
    // uWS answers in the order in which frames came.
    await new Promise((resolve) => client.on('pong', resolve))
    expect(seen).toEqual([])
    go()
    await waitFor(() => seen.length === 3)
    expect(seen).toEqual(['1', '2', '\ufeffé'])
    client.terminate()
    await layer.disconnect()
  })

  test('a lone surrogate does not cost the connection', async () => {
    const { router, url } = serve()
    router.route('/ours', (socket) => void socket.send('a\ud800b'))
    const client = new WebSocket(`${url}/ours`)
    const texts: string[] = []
    client.on('message', (text) => texts.push(String(text)))
    await waitFor(() => texts.length === 1)
    expect(texts).toEqual(['a\ufffdb'])
    client.terminate()
  })

  test.each([
    ['bad UTF-8', 1007, Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0xff])],
    ['an unknown opcode', 1002, Buffer.from([0x85, 0x80, 0, 0, 0, 0])],
    ['a continuation of nothing', 1002, Buffer.from([0x80, 0x80, 0, 0, 0, 0])],
    ['a gigantic message', 1009, Buffer.from([0x81, 0xff, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0])],
    [
      'a close code that uWS does not know',
      1005,
      Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x0b, 0xb9]),
    ],
  ])('after %s the peer is dropped, and the server told %i', async (_what, code, bytes) => {
    const { router, port } = serve()
    const layer = new InMemoryChannelLayer()
    const results: BridgeResult[] = []
    router.route('/ours', async (socket) => {
      results.push(await websocketChannelHandler(socket, layer.channel('chat')))
    })
    const socket = raw(port, '/ours')
    await new Promise((resolve) => socket.once('data', resolve))
    await waitFor(() => layer.channel('chat').localSubscriberCount === 1)
    const ended = new Promise((resolve) => socket.on('close', resolve))
    socket.write(bytes)
    await ended
    await waitFor(() => results.length === 1)
    expect(results[0]?.code).toBe(code)
    expect(router.size).toBe(0)
    await layer.disconnect()
  })

  test('a peer that does not read is closed when it has caught up, or dropped in time', async () => {
    const { router, port } = serve({ maxBufferedBytes: 2 ** 26, closeTimeoutMs: 300 })
    router.route('/ours', (socket) => {
      while (socket.bufferedBytes === 0) socket.send('x'.repeat(100_000))
      socket.close(4000, 'enough')
      expect(socket.send('late')).toBe('dropped')
    })
    const reading = raw(port, '/ours')
    let last = Buffer.alloc(0)
    reading.on('data', (chunk) => {
      last = Buffer.concat([last, chunk]).subarray(-10)
    })
    await new Promise((resolve) => reading.on('end', resolve))
    // The close frame comes after everything: 4000, "enough".
    expect(last.toString('latin1')).toBe('\x88\x08\x0f\xa0enough')
    const stalled = raw(port, '/ours')
    stalled.pause()
    await waitFor(() => router.size === 1)
    await waitFor(() => router.size === 0, { label: 'the stalled one to be dropped' })
    stalled.destroy()
  })

  test('compression is agreed to where it is asked for, for what is long enough', async () => {
    const { router, url } = serve({ perMessageDeflate: true })
    const layer = new InMemoryChannelLayer()
    const long = 'abc'.repeat(1000)
    router.route('/ours', (socket) => {
      socket.send('short')
      socket.send(long)
      return websocketChannelHandler(socket, layer.channel('chat'), {
        onMessage: (text) => void socket.send(text),
      })
    })
    const client = new WebSocket(`${url}/ours`, { perMessageDeflate: { threshold: 0 } })
    const texts: string[] = []
    client.on('message', (text) => texts.push(String(text)))
    let received: Socket | undefined
    client.on('upgrade', ({ socket }) => {
      received = socket
    })
    await opened(client)
    expect(client.extensions).toMatch(/^permessage-deflate/)
    client.send(`${long}!`)
    await waitFor(() => texts.length === 3)
    expect(texts).toEqual(['short', long, `${long}!`])
    expect(received?.bytesRead).toBeLessThan(500)
    client.terminate()
    await layer.disconnect()
  })
})

/** After so many promises have settled, one after the other. */
async function promises(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await undefined
}

/** A WebSocket whose frames are written by hand. */
function raw(port: number, path: string, headers = ''): Socket {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${headers}\r\n`,
  )
  return socket
}
