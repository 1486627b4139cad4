// What goes by topics, what goes by `send` and what uWS sends by itself, to crowds that change and to
// peers that do not read: every socket gets everything, in the order in which it was given.

import { seeded } from '@chan/conformance'
import { InMemoryChannelLayer } from '@chan/memory'
import { type ChannelSocket, websocketChannelHandler } from '@chan/sockets'
import { waitFor } from '@chan/testkit'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { attachSockets } from '../src/index.js'
import { listen, skipReason } from './native.js'

interface Player {
  readonly room: string
  readonly socket: ChannelSocket
  readonly client: WebSocket
  readonly got: string[]
  readonly expected: string[]
  pongs: number
}

const ROOMS = ['a', 'b']

describe.skipIf(skipReason)('topics and sends', () => {
  test.each([3, 11, 19])('arrive in one order (seed %i)', { timeout: 60_000 }, async (seed) => {
    const unit = seeded(seed)
    const random = (below: number) => Math.floor(unit() * below)
    const server = listen()
    const { app, port } = server
    let published = 0
    const counted = {
      ws: app.ws.bind(app),
      numSubscribers: app.numSubscribers.bind(app),
      publish: (...args: Parameters<typeof app.publish>) => {
        published++
        return app.publish(...args)
      },
    }
    const router = attachSockets(counted as never, { maxBufferedBytes: 2 ** 28 })
    const layer = new InMemoryChannelLayer()
    const entered: ChannelSocket[] = []
    router.route('/:room', (socket, { params }) => {
      const onConnect = () => void entered.push(socket)
      const options = { sendHistory: false, onConnect } as const
      return websocketChannelHandler(socket, layer.channel(params.room), options)
    })
    let players: Player[] = []
    const gone: Player[] = []
    let next = 0

    const enter = async (room: string) => {
      const before = entered.length
      const client = new WebSocket(`ws://127.0.0.1:${port}/${room}`, { perMessageDeflate: false })
      const got: string[] = []
      client.on('message', (text) => got.push(shorten(String(text))))
      await waitFor(() => entered.length > before)
      const socket = entered[before] as ChannelSocket
      const player: Player = { room, socket, client, got, expected: [], pongs: 0 }
      client.on('pong', () => player.pongs++)
      players.push(player)
    }
    const publish = async () => {
      const room = random(4) === 0 ? 'b' : 'a'
      const data = `${next++}`.padEnd(random(8) === 0 ? random(20_000) : 0, 'x')
      await layer.channel(room).publish(data)
      for (const player of players) if (player.room === room) player.expected.push(shorten(data))
    }
    const tell = () => {
      const player = players[random(players.length)] as Player
      const text = `own ${next++}`.padEnd(random(8) === 0 ? random(40_000) : 0, 'x')
      if (player.socket.send(text) !== 'dropped') player.expected.push(shorten(text))
    }
    const leave = async () => {
      const at = random(players.length)
      const [player] = players.splice(at, 1)
      if (!player) return
      gone.push(player)
      const { size } = router
      if (random(2)) player.client.terminate()
      else player.socket.close(4000)
      player.client.resume()
      await waitFor(() => router.size < size)
    }

    for (let i = 0; i < 60; i++) await enter(ROOMS[i < 40 ? 0 : 1] as string)
    for (let turn = 0; turn < 300; turn++) {
      for (let i = random(12); i >= 0; i--) random(9) === 0 ? tell() : await publish()
      const { client } = players[random(players.length)] as Player
      const dice = random(40)
      if (dice === 0) await enter(ROOMS[random(2)] as string)
      else if (dice === 1 && players.length > 50) await leave()
      else if (dice < 4) client.pause()
      else if (dice < 9) client.resume()
      else if (dice < 12) client.ping()
      else if (dice < 30) await new Promise((resolve) => setImmediate(resolve))
    }
    for (const { client } of players) client.resume()
    for (const { got, expected } of players) {
      await waitFor(() => got.length >= expected.length, { label: 'everything' })
      expect(got).toEqual(expected)
    }
    for (const { got, expected } of gone) expect(got).toEqual(expected.slice(0, got.length))
    expect(published).toBeGreaterThan(200)
    players = []
    await router.close()
    await layer.disconnect()
    await server.close()
  })
})

/** What tells one text from the others; a message's data. */
function shorten(text: string): string {
  const data = text.startsWith('{') ? (JSON.parse(text) as { data: string }).data : text
  return `${data.slice(0, 12)} ${data.length}`
}
