// `--adapter uws` over real sockets: the same routes on a port of their own, and whose pages may use
// them.

import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { expect, test } from 'vitest'
import { type DemoOptions, startDemo } from '../src/server.js'
import { freePorts } from './free-ports.js'
import { useDemo } from './running-demo.js'
import { openSocket, refusedStatus } from './socket-client.js'
import { describeWithUws } from './uws-here.js'

const PATH = '/ws/chat/lobby?user=alice'
const portOf = (url: string) => Number(new URL(url).port)
const startOnUws = (options: Partial<DemoOptions> = {}) =>
  startDemo({ port: 0, host: '127.0.0.1', uwsPort: 0, ...options })

describeWithUws('sockets on uWebSockets.js', {}, () => {
  const demo = useDemo({ uwsPort: 0 })

  test('share everything with REST and pages, which keep their port', async () => {
    expect(portOf(demo.socketUrl)).not.toBe(portOf(demo.url))
    const alice = await openSocket(demo.socketUrl, PATH)
    const inbox = await openSocket(demo.socketUrl, '/ws/notifications?user_id=alice')
    const dashboard = await openSocket(demo.socketUrl, '/ws/dashboard')
    alice.send('{"type":"message","text":"hello","id":"1"}')
    await alice.frame('the message', ({ data }) => data?.text === 'hello')
    await alice.frame('the acknowledgement', ({ ack }) => ack === '1')
    const presence = await fetch(`${demo.url}/chat/lobby/presence`)
    expect(await presence.json()).toMatchObject({ members: [{ userId: 'alice' }], count: 1 })
    await fetch(`${demo.url}/notify/alice`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"title":"Parcel"}',
    })
    await inbox.frame('the notification', ({ data }) => data?.title === 'Parcel')
    await dashboard.frame('all sockets counted', ({ data }) => data?.connections === 3)
    await Promise.all([alice, inbox, dashboard].map((client) => client.close()))
    expect((await fetch(`${demo.url}/chat/`)).status).toBe(200)
    expect(await refusedStatus(demo.url, PATH)).toBe(404)
  })

  test('refuse before the upgrade what ws refuses', async () => {
    expect(await refusedStatus(demo.socketUrl, '/ws/chat/lobby?user=%20alice')).toBe(400)
    expect(await refusedStatus(demo.socketUrl, '/ws/nothing')).toBe(404)
  })

  test.each(['127.0.0.1', 'localhost'])('are told to pages found as %s', async (name) => {
    const answer = await fetch(`http://${name}:${portOf(demo.url)}/config`)
    expect(await answer.json()).toEqual({ socketUrl: `ws://${name}:${portOf(demo.socketUrl)}` })
  })

  test('are for the pages of this demo only', async () => {
    const port = portOf(demo.url)
    for (const origin of [`http://127.0.0.1:${port}`, `http://localhost:${port}`]) {
      await (await openSocket(demo.socketUrl, PATH, origin)).close()
    }
    for (const origin of ['http://evil.example', `http://127.0.0.1:${port + 1}`]) {
      expect(await refusedStatus(demo.socketUrl, PATH, origin)).toBe(403)
    }
  })
})

describeWithUws('a demo on uWebSockets.js', {}, () => {
  test('stops with everybody told, and leaves both ports to others', async () => {
    const [port = 0, uwsPort = 0] = await freePorts(2)
    const demo = await startOnUws({ port, uwsPort })
    const client = await openSocket(demo.socketUrl, PATH)
    // Neither a request nor a socket yet.
    const idle = connect(portOf(demo.socketUrl), '127.0.0.1')
    await once(idle, 'connect')
    const dropped = new Promise((resolve) => idle.on('error', () => {}).once('close', resolve))
    await Promise.all([demo.close(), demo.close()])
    expect(await client.ended).toMatchObject({ code: 1012 })
    await dropped
    const next = await startOnUws({ port, uwsPort })
    expect(next.socketUrl).toBe(demo.socketUrl)
    await next.close()
  })

  test('does not start where the port is taken, and leaves the other one', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port: uwsPort } = other.address() as { port: number }
    const [port = 0] = await freePorts(1)
    await expect(startOnUws({ port, uwsPort })).rejects.toMatchObject({
      code: 'EADDRINUSE',
      port: uwsPort,
    })
    other.close()
    await (await startOnUws({ port, uwsPort })).close()
  })

  test('on every address is open to the pages on each of them', async () => {
    const demo = await startOnUws({ host: '0.0.0.0' })
    expect(demo.socketUrl).toBe(`ws://localhost:${portOf(demo.socketUrl)}`)
    const client = await openSocket(demo.socketUrl, PATH, demo.url)
    await client.close()
    await demo.close()
  })
})
