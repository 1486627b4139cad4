// The steps of a bridge, held up and failed one by one. What a bridge does over a real layer and a
// real socket is in the socket suite.

import { PermissionError, START } from '@chan/protocol'
import { expect, test, vi } from 'vitest'
import { ConnectedSocket } from '../src/connection/channel-socket.js'
import { type BridgeOptions, websocketChannelHandler } from '../src/index.js'
import { FakeChannel, unavailable } from './fake-channel.js'
import { scene } from './scene.js'

function bridged(options: BridgeOptions = {}, channel = new FakeChannel(), limits = {}) {
  const { clock, connect } = scene({ limits })
  const { socket, connection, data } = connect()
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
  return { clock, socket, connection, data, channel, result }
}

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
    'end',
    'release alice',
    'release group',
    'onDisconnect',
  ])
  expect(channel.sessions).toBe(0)
})

test('asks for all of history, some of it or none, as whom it is bridged', async () => {
  const asked = async (options: BridgeOptions) => {
    const { channel } = bridged(options)
    await vi.waitFor(() => expect(channel.log).toContain('onConnect'))
    return channel.attachments.map(({ beginning }) => beginning)
  }
  expect(await asked({})).toEqual([{ userId: 'alice', history: Infinity }])
  expect(await asked({ sendHistory: 20, userId: null })).toEqual([{ userId: null, history: 20 }])
  expect(await asked({ sendHistory: false })).toEqual([{ userId: 'alice', history: 0 }])
})

test('onConnect, and what came in, wait until history was sent', async () => {
  const channel = new FakeChannel()
  const go = channel.pause('replayed')
  const seen: string[] = []
  const { connection } = bridged({ onMessage: (text) => void seen.push(text) }, channel)
  await vi.waitFor(() => expect(channel.log).toContain('hold group'))
  connection.message('early')
  await settled()
  expect([channel.log.includes('onConnect'), seen]).toEqual([false, []])
  go()
  await vi.waitFor(() => expect(seen).toEqual(['early']))
  expect(channel.log.at(-1)).toBe('onConnect')
})

test('a filter is asked about history and live messages alike; one that throws skips, and is told', async () => {
  const filterFn = ({ data }: { data: unknown }) => {
    if (data === 'bug') throw new Error('bug')
    return data !== 'secret'
  }
  const { channel, data } = bridged({ filterFn })
  await vi.waitFor(() => expect(channel.log).toContain('onConnect'))
  for (const text of ['a', 'secret', 'bug', 'b']) channel.message(text)
  await vi.waitFor(() => expect(data()).toEqual(['a', 'b']))
  expect(channel.reported).toEqual(['filter: bug'])
})

test('lost messages close with 1013, so that the client comes back for history', async () => {
  const { socket, channel } = bridged()
  await vi.waitFor(() => expect(channel.log).toContain('onConnect'))
  channel.attachments[0]?.reader.reset({ position: START, missed: null })
  expect(socket.closedWith).toEqual({ code: 1013, reason: 'messages were lost' })
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
  ['begin', ['hold alice', 'end', 'release alice'], 1011],
  ['group', ['hold alice', 'hold group', 'end', 'release alice', 'release group'], 1011],
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
  ['begin', ['hold alice', 'end', 'release alice']],
  ['group', ['hold alice', 'hold group', 'end', 'release alice', 'release group']],
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
  channel.pause('replayed')
  const { connection, result, socket } = bridged({}, channel)
  await settled()
  connection.closed(1001, 'away')
  expect(await result).toEqual({ code: 1001, reason: 'away', denied: false })
  expect(socket.sent).toEqual([])
  expect(channel.log).not.toContain('onConnect')
})

test('a layer that closes while a step is pending closes 1012 and reports nothing', async () => {
  const channel = new FakeChannel()
  const go = channel.pause('begin')
  channel.fail('begin', unavailable)
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
  expect(channel.log.slice(-4)).toEqual(['end', 'release alice', 'release group', 'onDisconnect'])
  expect(clock.pending).toBe(0)
})
