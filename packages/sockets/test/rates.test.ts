// How much a peer may send is its connection's owner's decision: a bridge counts frames, and publishes.

import { describe, expect, test, vi } from 'vitest'
import { ConnectedSocket } from '../src/connection/channel-socket.js'
import { type BridgeOptions, websocketChannelHandler } from '../src/index.js'
import { FakeChannel } from './fake-channel.js'
import { scene } from './scene.js'

const commands = { perSecond: 1, burst: 3 }
const publishes = { perSecond: 10, burst: 2 }

describe('a connection', () => {
  test('that nobody owns counts nothing; one that is owned asks before a frame is held', () => {
    const { connection, socket } = scene({ limits: { commands } }).connect()
    for (let n = 0; n < 10; n++) connection.message(`early ${n}`)
    const asked: string[] = []
    const takes = (text: string) => asked.push(text) % 2 === 1
    connection.claim(null, { connectionEnded: () => {}, takes })
    for (const text of ['a', 'b', 'c', 'd']) connection.message(text)
    const seen: string[] = []
    connection.consume({ consume: (text) => void seen.push(text) })
    expect(seen.slice(10)).toEqual(['a', 'c'])
    expect(asked).toEqual(['a', 'b', 'c', 'd'])
    expect(socket.closedWith).toBeUndefined()
  })

  test('asks nobody about what it refuses itself, nor after it began to close', () => {
    const { connection } = scene({ limits: { maxPayloadBytes: 5 } }).connect()
    const takes = vi.fn(() => true)
    connection.claim(null, { connectionEnded: () => {}, takes })
    connection.message('too long')
    connection.message('short')
    expect(connection.ending?.code).toBe(1009)
    expect(takes).not.toHaveBeenCalled()
  })
})

describe('a bridge', () => {
  function bridged(options: BridgeOptions = {}) {
    const { clock, connect } = scene({ limits: { commands, publishes } })
    const peer = connect()
    const channel = new FakeChannel()
    const published = vi.spyOn(channel, 'publish')
    const bridge = () =>
      websocketChannelHandler(new ConnectedSocket(peer.connection), channel.channel, options)
    return { ...peer, clock, channel, published, bridge }
  }

  test('closes 1008 above its rate of frames, which come back with time', async () => {
    const { connection, socket, clock, bridge } = bridged({ receiveOnly: true })
    void bridge()
    for (let n = 0; n < 3; n++) connection.message('x')
    expect(socket.closedWith).toBeUndefined()
    clock.advance(1_000)
    connection.message('x')
    expect(socket.closedWith).toBeUndefined()
    connection.message('x')
    expect(socket.closedWith).toEqual({ code: 1008, reason: 'too many frames per second' })
  })

  test('counts what waits for it to be ready, too', async () => {
    const { connection, socket, channel, bridge } = bridged()
    channel.pause('authorize')
    void bridge()
    for (let n = 0; n < 4; n++) connection.message('x')
    expect(socket.closedWith?.code).toBe(1008)
  })

  test('answers publishes above their rate, and says when to try again', async () => {
    const { connection, socket, clock, published, bridge } = bridged()
    void bridge()
    for (let n = 0; n < 3; n++) connection.message('x')
    await vi.waitFor(() => expect(socket.sent).toHaveLength(1))
    expect(published).toHaveBeenCalledTimes(2)
    const { error } = JSON.parse(socket.sent[0] ?? '')
    expect(error).toMatchObject({ code: 'rate-limited' })
    expect(socket.sent[0]).toContain('100')
    clock.advance(1_000)
    connection.message('x')
    await vi.waitFor(() => expect(published).toHaveBeenCalledTimes(3))
    expect(socket.closedWith).toBeUndefined()
  })
})
