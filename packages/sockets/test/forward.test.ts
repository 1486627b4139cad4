// `socket.forward`: a channel's messages on a socket that may end at any moment.

import { isChanError, PermissionError } from '@chan/protocol'
import { describe, expect, test, vi } from 'vitest'
import { ConnectedSocket } from '../src/connection/channel-socket.js'
import { type BridgeOptions, websocketChannelHandler } from '../src/index.js'
import { FakeChannel, unavailable } from './fake-channel.js'
import { type SceneOptions, scene } from './scene.js'

const invalid = expect.toSatisfy((error) => isChanError(error, 'invalid-option'))

function rig(options: SceneOptions = {}) {
  const made = scene(options)
  const peer = made.connect()
  const socket = new ConnectedSocket(peer.connection)
  const channel = new FakeChannel('direct')
  const settled = () => new Promise((resolve) => setImmediate(resolve))
  return { ...made, ...peer, channel, user: socket, settled }
}

describe('options', () => {
  test.each([
    [undefined, 0],
    [false, 0],
    [true, Infinity],
    [7, 7],
  ])('sendHistory %o asks for %o messages', async (sendHistory, history) => {
    const { user, channel } = rig()
    await user.forward(channel.channel, { sendHistory, userId: 'alice' })
    expect(channel.attachments[0]?.beginning).toEqual({ userId: 'alice', history })
  })

  test('filterFn lets through what it wants, and only that', async () => {
    const { user, channel, data, turnOver } = rig()
    await user.forward(channel.channel, { filterFn: (message) => message.data !== 'secret' })
    for (const text of ['a', 'secret', 'b']) channel.message(text)
    await turnOver()
    expect(data()).toEqual(['a', 'b'])
  })

  test.each([[{ sendHistory: -1 }], [{ sendHistory: 1.5 }], [{ filterFn: 'all' as never }]])(
    '%o is refused, and nothing is asked',
    async (options) => {
      const { user, channel } = rig()
      await expect(user.forward(channel.channel, options)).rejects.toEqual(invalid)
      await expect(user.forward({} as never)).rejects.toEqual(invalid)
      expect([channel.attachments, channel.sessions]).toEqual([[], 0])
    },
  )
})

test('forwarded and bridged, a channel arrives once, and what either wants goes out', async () => {
  const { user, channel, data, turnOver } = rig()
  const options: BridgeOptions = { filterFn: ({ data }) => (data as number) < 2 }
  void websocketChannelHandler(user, channel.channel, options)
  await vi.waitFor(() => expect(channel.attached).toBeDefined())
  const forward = await user.forward(channel.channel, {
    filterFn: ({ data }) => (data as number) > 2,
  })
  expect(channel.attachments).toHaveLength(1)
  for (const n of [1, 2, 3]) channel.message(n)
  await turnOver()
  expect(data()).toEqual([1, 3])
  await forward.unsubscribe()
  await forward.unsubscribe()
  for (const n of [1, 2, 3]) channel.message(n)
  await turnOver()
  expect(data()).toEqual([1, 3, 1])
})

describe('denied', () => {
  test('rejects, receives nothing, keeps the socket', async () => {
    const { user, channel, socket } = rig()
    channel.fail('authorize', new PermissionError('direct', 'mallory'))
    await expect(user.forward(channel.channel, { userId: 'mallory' })).rejects.toThrow(
      PermissionError,
    )
    expect([channel.attachments, channel.sessions]).toEqual([[], 0])
    expect(socket.closedWith).toBeUndefined()
  })

  test('is asked after the server can be heard disconnecting that user', async () => {
    const { user, channel, socket, settled } = rig()
    const [ready, yes] = [channel.pause('ready'), channel.pause('authorize')]
    const forwarding = user.forward(channel.channel, { userId: 'mallory' })
    await settled()
    expect(channel.sessions).toBe(1)
    ready()
    await settled()
    channel.disconnectUser()
    yes()
    await forwarding
    expect(socket.closedWith).toEqual({ code: 1008, reason: 'disconnected by the server' })
    expect([channel.attachments, channel.sessions]).toEqual([[], 0])
  })
})

describe('a socket that ends', () => {
  test('before: nothing happens', async () => {
    const { user, channel, connection } = rig()
    connection.closed(1001, '')
    const forward = await user.forward(channel.channel, { userId: 'alice' })
    await forward.unsubscribe()
    expect([channel.attachments, channel.sessions]).toEqual([[], 0])
  })

  test.each(['ready', 'authorize', 'begin'] as const)(
    'while %s is pending: nobody is told of a failure, and nothing is left',
    async (step) => {
      const { user, channel, connection, settled } = rig()
      const go = channel.pause(step)
      const forwarding = user.forward(channel.channel, { userId: 'alice' })
      await settled()
      connection.closed(1006, '')
      if (step === 'begin') channel.fail('begin', unavailable)
      go()
      await forwarding
      await settled()
      expect(channel.sessions).toBe(0)
      expect(channel.attachments.every(({ ended }) => ended > 0)).toBe(true)
      expect(connection.outbox.seats).toBeUndefined()
    },
  )

  test('later: it ends with it, and so do its sessions', async () => {
    const { user, channel, connection } = rig()
    await user.forward(channel.channel, { userId: 'alice' })
    expect(channel.sessions).toBe(1)
    connection.closed(1000, '')
    await vi.waitFor(() => expect(channel.log).toEqual(['end']))
    expect([channel.sessions, connection.outbox.seats]).toEqual([0, undefined])
  })
})

test('a beginning that fails rejects, and is tried afresh next time', async () => {
  const { user, channel, data, turnOver } = rig()
  channel.fail('begin', unavailable)
  const both = [user.forward(channel.channel), user.forward(channel.channel)]
  const reasons = (await Promise.allSettled(both)).map((one) => 'reason' in one && one.reason)
  expect(reasons).toEqual([unavailable, unavailable])
  channel.heal()
  await user.forward(channel.channel)
  channel.message('back')
  await turnOver()
  expect(data()).toEqual(['back'])
})
