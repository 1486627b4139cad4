// The proxy itself: each fault does what it says, to those it was meant for, and can be taken back.
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { waitFor } from '@chan/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { TcpProxy } from '../src/index.js'

/** One end of a connection, and all that happened to it. */
class End {
  text = ''
  bytes = 0
  events: string[] = []
  readonly socket: Socket
  readonly hash = createHash('sha256')

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk) => {
      this.bytes += chunk.length
      this.hash.update(chunk)
      if (this.bytes < 100_000) this.text += chunk
    })
    socket.on('end', () => this.events.push('end'))
    socket.on('error', (error: NodeJS.ErrnoException) => this.events.push(String(error.code)))
    socket.on('close', () => this.events.push('close'))
  }

  reads(text: string): Promise<unknown> {
    return waitFor(() => this.text === text, { label: `'${text}', got '${this.text}'` })
  }

  sees(...events: string[]): Promise<unknown> {
    return waitFor(() => events.every((event, i) => this.events[i] === event), {
      label: `${events} instead of ${this.events}`,
    })
  }
}

let server: Server
let accepted: End[]
let proxy: TcpProxy
let opened: End[]

const portOf = (one: Server) => (one.address() as AddressInfo).port

beforeEach(async () => {
  accepted = []
  opened = []
  server = createServer({ allowHalfOpen: true }, (socket) => accepted.push(new End(socket)))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  proxy = await TcpProxy.listen({ port: portOf(server) })
})

afterEach(async () => {
  await proxy.close()
  for (const { socket } of [...opened, ...accepted]) socket.destroy()
  await new Promise((resolve) => server.close(resolve))
})

function dial(port = proxy.port): End {
  const end = new End(connect({ port, host: '127.0.0.1', allowHalfOpen: true }))
  opened.push(end)
  return end
}

/** A client that said its name, and the server's end of it. */
async function meet(name: string, port = proxy.port): Promise<{ client: End; peer: End }> {
  const client = dial(port)
  client.socket.write(name)
  const peer = await waitFor(() => accepted.find(({ text }) => text === name), { label: name })
  return { client, peer }
}

/** Past the proxy, once there and back: time for what the proxy should not have passed on. */
async function roundTrip(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    const { client, peer } = await meet(`direct ${accepted.length}`, portOf(server))
    peer.socket.write('back')
    await client.reads('back')
  }
}

test('passes everything, in order, and counts', async () => {
  const { client, peer } = await meet('a')
  peer.socket.write('hello')
  await client.reads('hello')
  expect(proxy.counters).toEqual({
    accepted: 1,
    open: 1,
    reset: 0,
    bytesToUpstream: 1,
    bytesToClient: 5,
  })

  const block = randomBytes(20_000_000)
  peer.socket.pause()
  client.socket.write(block)
  await roundTrip()
  expect(peer.bytes).toBe(1)
  peer.socket.resume()
  await waitFor(() => peer.bytes === 20_000_001)
  expect(peer.hash.digest('hex')).toBe(createHash('sha256').update('a').update(block).digest('hex'))

  client.socket.end()
  await peer.sees('end')
  peer.socket.end(' and bye')
  await client.reads('hello and bye')
  await client.sees('end', 'close')
  await peer.sees('end', 'close')
  await waitFor(() => proxy.counters.open === 0)
  expect(proxy.counters.reset).toBe(0)
})

test('cut resets both sides of those chosen', async () => {
  const a = await meet('a')
  const b = await meet('b')
  const silent = dial()
  await waitFor(() => accepted.length === 3)
  expect(proxy.cut((opening) => opening.toString() === 'a')).toBe(1)
  await a.client.sees('ECONNRESET', 'close')
  await a.peer.sees('ECONNRESET', 'close')
  b.client.socket.write('!')
  await b.peer.reads('b!')
  expect(proxy.cut()).toBe(2)
  await b.peer.sees('ECONNRESET')
  await silent.sees('ECONNRESET')
  expect(proxy.counters).toMatchObject({ accepted: 3, open: 0, reset: 3 })
  await meet('again')
})

test('a side that is lost resets the other', async () => {
  const a = await meet('a')
  a.client.socket.resetAndDestroy()
  await a.peer.sees('ECONNRESET')
  const b = await meet('b')
  b.peer.socket.resetAndDestroy()
  await b.client.sees('ECONNRESET')
  expect(proxy.counters).toMatchObject({ open: 0, reset: 2 })
})

test('refuse closes the port to new connections alone, accept opens it', async () => {
  const { client, peer } = await meet('a')
  proxy.refuse()
  await dial().sees('ECONNREFUSED')
  client.socket.write('!')
  await peer.reads('a!')
  await proxy.accept()
  await proxy.accept()
  await meet('b')
})

test('hang stops everything without a word, heal lets it through', async () => {
  const { client, peer } = await meet('a')
  proxy.hang()
  client.socket.write('1')
  peer.socket.write('2')
  const late = dial()
  late.socket.write('late')
  await once(late.socket, 'connect')
  await waitFor(() => proxy.counters.accepted === 2)
  await roundTrip()
  client.socket.write('3')
  expect([peer.text, client.text]).toEqual(['a', ''])
  expect(accepted.filter(({ text }) => text === 'late')).toEqual([])
  expect([...client.events, ...peer.events, ...late.events]).toEqual([])
  proxy.heal()
  await peer.reads('a13')
  await client.reads('2')
  await waitFor(() => accepted.some(({ text }) => text === 'late'))
})

test('hang hides that the other side left, until heal', async () => {
  const left = await meet('left')
  const broken = await meet('broken')
  proxy.hang()
  left.client.socket.end('bye')
  broken.client.socket.resetAndDestroy()
  await broken.client.sees('close')
  await roundTrip()
  broken.peer.socket.write('anyone?')
  await roundTrip()
  expect([...left.peer.events, ...broken.peer.events]).toEqual([])
  expect(proxy.counters.open).toBe(2)
  proxy.heal()
  await left.peer.reads('leftbye')
  await left.peer.sees('end')
  await broken.peer.sees('ECONNRESET')
})

test('hang meets those chosen, even before their first word is passed on', async () => {
  const { client: slow, peer: slowPeer } = await meet('slow')
  const { client: fine, peer: finePeer } = await meet('fine')
  proxy.hang((opening) => opening.includes('slow'))
  slow.socket.write('!')
  const later = dial()
  later.socket.write('slow too')
  fine.socket.write('!')
  await finePeer.reads('fine!')
  await meet('new and fine')
  await roundTrip()
  expect(slowPeer.text).toBe('slow')
  expect(accepted.filter(({ text }) => text === 'slow too')).toEqual([])
  expect(proxy.cut((opening) => opening.includes('slow'))).toBe(2)
  await later.sees('ECONNRESET')
  proxy.heal()
})

test('delay makes everything late, and keeps the order when it gets shorter', async () => {
  const { client, peer } = await meet('a')
  proxy.delay(80)
  const start = performance.now()
  client.socket.write('1')
  await peer.reads('a1')
  peer.socket.write('2')
  await client.reads('2')
  expect(performance.now() - start).toBeGreaterThanOrEqual(160)

  proxy.delay(300)
  client.socket.write('3')
  await roundTrip()
  proxy.delay(0)
  client.socket.write('4')
  client.socket.end()
  await peer.reads('a134')
  await peer.sees('end')
})

test('delay meets those chosen', async () => {
  const late = await meet('late')
  const quick = await meet('quick')
  proxy.delay(60_000, (opening) => opening.includes('late'))
  late.client.socket.write('!')
  quick.client.socket.write('!')
  await quick.peer.reads('quick!')
  await roundTrip()
  expect(late.peer.text).toBe('late')
})

test('halfClose ends one side, the other does not notice', async () => {
  const a = await meet('a')
  const b = await meet('b')
  expect(proxy.halfClose('client', (opening) => opening.includes('a'))).toBe(1)
  await a.client.sees('end')
  a.peer.socket.write('unheard')
  a.client.socket.write('!')
  await a.peer.reads('a!')
  expect([a.peer.events, a.client.text]).toEqual([[], ''])

  expect(proxy.halfClose('upstream', (opening) => opening.includes('b'))).toBe(1)
  await b.peer.sees('end')
  b.client.socket.write('unheard')
  b.peer.socket.write('!')
  await b.client.reads('!')
  expect([b.client.events, b.peer.text]).toEqual([[], 'b'])

  a.client.socket.end()
  await a.peer.sees('end')
  a.peer.socket.end()
  b.peer.socket.end()
  await b.client.sees('end')
  b.client.socket.end()
  await waitFor(() => proxy.counters.open === 0)
  expect(proxy.counters.reset).toBe(0)
})

test('leads elsewhere, resets where nobody listens', async () => {
  const other = createServer((socket) => socket.end('the other one'))
  await once(other.listen(0, '127.0.0.1'), 'listening')
  proxy.retarget({ host: '127.0.0.1', port: portOf(other) })
  const led = dial()
  await led.reads('the other one')
  led.socket.end()
  await new Promise((resolve) => other.close(resolve))
  await dial().sees('ECONNRESET', 'close')
})

test('close resets everything and gives the port back', async () => {
  const { client, peer } = await meet('a')
  proxy.hang()
  await proxy.close()
  await proxy.close()
  await client.sees('ECONNRESET')
  await peer.sees('ECONNRESET')
  await dial().sees('ECONNREFUSED')
})
