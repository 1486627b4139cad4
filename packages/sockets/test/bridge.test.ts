// The steps of a bridge, held up and failed one by one. What a bridge does over a real layer and a
// real socket is in the socket suite.

import { ManualClock } from '@chan/core/testing'
import { PermissionError } from '@chan/protocol'
import { expect, test, vi } from 'vitest'
import { ConnectedSocket } from '../src/connection/channel-socket.js'
import { Connection } from '../src/connection/connection.js'
import { connectionHome } from '../src/connection/connection-home.js'
import { resolveDurations, resolveLimits } from '../src/connection/limits.js'
import { type BridgeOptions, websocketChannelHandler } from '../src/index.js'
import { FakeChannel, unavailable } from './fake-channel.js'
import { FakeSocket } from './fake-socket.js'

function bridged(options: BridgeOptions = {}, channel = new FakeChannel(), limits = {}) {
  const clock = new ManualClock()
  const socket = new FakeSocket()
  const home = connectionHome(clock, resolveDurations({}))
  const connection = new Connection(1, socket, resolveLimits(limits), home)
  const result = websocketChannelHandler(new ConnectedSocket(connection), channel.channel, {
    userId: 'alice',
    groups: ['all'],
    ...options,
    onConnect: (...args) => {
      channel.log.push('onConnect')
      return options.onConnect?.(...args)
    },
    onDisconnect: (...args) => {
      channel.log.push('onDisconnect')
      return options.onDisconnect?.(...args)
    },
  })
  return { clock, socket, connection, channel, result }
}

const data = (socket: FakeSocket) => socket.sent.map((text) => JSON.parse(text).data)
const settled = () => new Promise((resolve) => setTimeout(resolve))

test('in and out in the documented order', async () => {
  const { connection, channel, result } = bridged()
  await vi.waitFor(() => expect(channel.log).toContain('onConnect'))
  expect(channel.sessions).toBe(1)
  connection.closed(1000, '')
  expect(await result).toEqual({ code: 1000, reason: '', denied: false })
  expect(channel.log).toEqual([
    'hold alice',
    'hold group',
    'onConnect',
    'unsubscribe',
    'release alice',
    'release group',
    'onDisconnect',
  ])
  expect(channel.sessions).toBe(0)
})

test('messages that arrive before the subscription is handed over are neither lost nor doubled', async () => {
  const channel = new FakeChannel()
  channel.message(1)
  channel.message(2)
  const attach = channel.inner.attach
  channel.inner.attach = async (...args) => {
    const subscription = await attach(...args)
    // Delivered before the bridge's own continuation runs.
    channel.message(3)
    return {
      unsubscribe: subscription.unsubscribe,
      get position() {
        return channel.position
      },
    }
  }
  const go = channel.pause('history')
  const { socket } = bridged({}, channel)
  await settled()
  channel.message(4)
  expect(socket.sent).toEqual([])
  go()
  await vi.waitFor(() => expect(data(socket)).toEqual([1, 2, 3, 4]))
  channel.message(5)
  expect(data(socket)).toEqual([1, 2, 3, 4, 5])
})

test('live messages wait while history waits for a slow peer, in order', async () => {
  const channel = new FakeChannel()
  for (let i = 1; i <= 3; i++) channel.message(`${i}`.repeat(100))
  const { socket, connection } = bridged({}, channel, { maxBufferedBytes: 400 })
  socket.stalled = true
  await vi.waitFor(() => expect(socket.sent).toHaveLength(1))
  channel.message('live')
  await settled()
  expect(socket.sent).toHaveLength(1)
  expect(channel.log).not.toContain('onConnect')
  socket.stalled = false
  socket.bufferedBytes = 0
  connection.drain()
  await vi.waitFor(() => expect(channel.log).toContain('onConnect'))
  expect(data(socket).at(-1)).toBe('live')
  expect(socket.sent).toHaveLength(4)
})

test('a peer that reads history more slowly than messages come is closed with 1013', async () => {
  const channel = new FakeChannel()
  const go = channel.pause('history')
  channel.message('old')
  const { socket } = bridged({}, channel, { maxBufferedBytes: 1000 })
  await vi.waitFor(() => expect(channel.attached).toBeDefined())
  for (let i = 0; i < 20; i++) channel.message('x'.repeat(100))
  expect(socket.closedWith).toEqual({ code: 1013, reason: 'slow consumer' })
  go()
  await settled()
  expect(socket.sent).toEqual([])
  expect(channel.log).not.toContain('onConnect')
})

test('lost messages close with 1013, so that the client comes back for history', async () => {
  const { socket, channel } = bridged()
  await vi.waitFor(() => expect(channel.log).toContain('onConnect'))
  channel.attached?.reset()
  expect(socket.closedWith?.code).toBe(1013)
})

test('denied: 1008, no further step, no hook', async () => {
  const channel = new FakeChannel()
  channel.fail('authorize', new PermissionError('general', 'alice'))
  const { socket, connection, result } = bridged({}, channel)
  await vi.waitFor(() => expect(socket.closedWith?.code).toBe(1008))
  connection.closed(1008, '')
  expect(await result).toMatchObject({ code: 1008, denied: true })
  expect(channel.log).toEqual([])
  expect(channel.reported).toEqual([])
})

test.each([
  ['authorize', [], 1011],
  ['hold', ['hold alice', 'release alice'], 1011],
  ['attach', ['hold alice', 'release alice'], 1011],
  ['group', ['hold alice', 'hold group', 'unsubscribe', 'release alice', 'release group'], 1011],
] as const)('%s fails: reported, closed, undone as far as it came', async (step, log, code) => {
  const channel = new FakeChannel()
  channel.fail(step, unavailable)
  const { socket, connection, result } = bridged({}, channel)
  await vi.waitFor(() => expect(socket.closedWith?.code).toBe(code))
  connection.closed(code, '')
  expect(await result).toMatchObject({ code, denied: false })
  expect(channel.log).toEqual(log)
  expect(channel.reported).toEqual(['connect: no database'])
  expect(channel.sessions).toBe(0)
})

test.each([
  ['authorize', []],
  ['hold', ['hold alice', 'release alice']],
  ['attach', ['hold alice', 'unsubscribe', 'release alice']],
  ['group', ['hold alice', 'hold group', 'unsubscribe', 'release alice', 'release group']],
] as const)('gone while %s is pending: undone, no hook', async (step, log) => {
  const channel = new FakeChannel()
  const go = channel.pause(step)
  const { connection, result } = bridged({}, channel)
  await settled()
  connection.closed(1006, '')
  await settled()
  go()
  expect(await result).toEqual({ code: 1006, reason: '', denied: false })
  expect(channel.log).toEqual(log)
  expect(channel.reported).toEqual([])
})

test('gone while history is read: nobody waits for the answer', async () => {
  const channel = new FakeChannel()
  channel.message('old')
  channel.pause('history')
  const { connection, result, socket } = bridged({}, channel)
  await settled()
  connection.closed(1001, 'away')
  expect(await result).toEqual({ code: 1001, reason: 'away', denied: false })
  expect(socket.sent).toEqual([])
  expect(channel.log).not.toContain('onConnect')
})

test('a layer that closes while a step is pending closes 1012 and reports nothing', async () => {
  const channel = new FakeChannel()
  const go = channel.pause('attach')
  channel.fail('attach', unavailable)
  const { socket } = bridged({}, channel)
  await settled()
  channel.close()
  expect(socket.closedWith?.code).toBe(1012)
  go()
  await settled()
  expect(channel.reported).toEqual([])
})

test('an error that is not ours is reported, and the peer told no details', async () => {
  const channel = new FakeChannel()
  channel.fail('publish', new Error('secret of the database'))
  const { socket, connection } = bridged({}, channel)
  await vi.waitFor(() => expect(channel.log).toContain('onConnect'))
  connection.message('hello')
  await vi.waitFor(() => expect(socket.sent).toHaveLength(1))
  expect(JSON.parse(socket.sent[0] ?? '').error.code).toBe('unavailable')
  expect(socket.sent[0]).not.toContain('secret')
  expect(channel.reported).toEqual(['publish: secret of the database'])
})

test('a hook that hangs holds nothing up for longer than closeTimeoutMs', async () => {
  const { clock, connection, channel, result } = bridged({ onConnect: () => new Promise(() => {}) })
  await vi.waitFor(() => expect(channel.log).toContain('onConnect'))
  connection.closed(1001, '')
  await settled()
  expect(channel.log).not.toContain('release alice')
  clock.advance(7_000)
  await result
  expect(channel.log.slice(-4)).toEqual([
    'unsubscribe',
    'release alice',
    'release group',
    'onDisconnect',
  ])
  expect(clock.pending).toBe(0)
})
