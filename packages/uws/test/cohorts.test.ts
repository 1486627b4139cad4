// Who shares a topic, and that everybody gets everything once, whoever comes and goes.

import { seeded } from '@chan/conformance'
import type { Bundle, Frame } from '@chan/sockets'
import { beforeEach, describe, expect, test } from 'vitest'
import { UwsFanOut } from '../src/fan-out.js'
import type { UwsSocket } from '../src/uws-socket.js'
import { FakeApp, type FakeWs, fakeSocket } from './fake-uws.js'

let app: FakeApp
let fanOut: UwsFanOut
let sent: number
const wsOf = new Map<UwsSocket, FakeWs>()
const expected = new Map<UwsSocket, string[]>()

beforeEach(() => {
  app = new FakeApp()
  fanOut = new UwsFanOut(app, false)
  sent = 0
  wsOf.clear()
  expected.clear()
})

function join(count: number): UwsSocket[] {
  return Array.from({ length: count }, () => {
    const { ws, socket } = fakeSocket()
    app.sockets.add(ws)
    wsOf.set(socket, ws)
    expected.set(socket, [])
    return socket
  })
}

/** A turn that has so many frames for the sockets. */
function turn(sockets: readonly UwsSocket[], count = 10): void {
  const texts = Array.from({ length: count }, () => `${++sent}`)
  const bytes = texts.join('').length
  const frames = texts.map((text) => ({ text, wire: undefined }) as unknown as Frame)
  fanOut.write({ frames, length: count, bytes } as unknown as Bundle, sockets)
  for (const socket of sockets) expected.get(socket)?.push(...texts)
}

function check(): void {
  for (const [socket, texts] of expected) expect(wsOf.get(socket)?.received).toEqual(texts)
}

/** Sockets that share a topic. */
function settled(count: number): UwsSocket[] {
  const sockets = join(count)
  for (let i = 0; i < 3; i++) turn(sockets)
  expect(app.published).toBe(10)
  return sockets
}

const topicsOf = (socket: UwsSocket | undefined) =>
  socket ? (wsOf.get(socket)?.topics.size ?? 0) : 0

test('the same sockets, again and again: published once for all, a write each before', () => {
  const sockets = settled(100)
  turn(sockets, 1)
  expect(app.published).toBe(11)
  check()
})

test('few sockets, long bundles and large ones are written to each', () => {
  const few = join(15)
  for (let i = 0; i < 5; i++) turn(few)
  const many = join(100)
  for (let i = 0; i < 5; i++) turn(many, 33)
  expect(app.published).toBe(0)
  check()
})

describe('a cohort', () => {
  test('takes who comes, and lets go who is not among them', () => {
    const sockets = settled(100)
    const [left, ...rest] = sockets
    const now = [...rest, ...join(5)]
    turn(now)
    expect(app.published).toBe(20)
    expect(topicsOf(left)).toBe(0)
    expect(now.map(topicsOf)).toEqual(now.map(() => 1))
    turn(sockets)
    check()
  })

  test('gives way where many are missing, and the rest goes on', () => {
    const sockets = settled(100)
    const half = sockets.slice(0, 50)
    turn(half)
    expect(app.published).toBe(10)
    turn(sockets.slice(50))
    expect(app.published).toBe(20)
    for (let i = 0; i < 3; i++) turn(half)
    expect(app.published).toBeGreaterThan(20)
    check()
  })

  test('forgets who closes, or is about to', () => {
    const sockets = settled(100)
    sockets[0]?.terminate()
    const leaving = sockets[1] as UwsSocket
    ;(wsOf.get(leaving) as FakeWs).buffered = 1
    leaving.close(4000, 'enough')
    const rest = sockets.slice(2)
    turn(rest)
    expect(app.published).toBe(20)
    expect(topicsOf(leaving)).toBe(0)
    check()
  })

  test('is not believed where uWS counts otherwise', () => {
    const sockets = settled(100)
    for (const ws of wsOf.values()) {
      ws.topics.clear()
      break
    }
    turn(sockets)
    expect(app.published).toBe(10)
    expect(sockets.map(topicsOf)).toEqual(sockets.map(() => 0))
    check()
  })

  test('tells what has left: of what uWS still holds nothing, nor what others got', async () => {
    const sockets = settled(16)
    const [first] = sockets
    const late = join(1)
    const all = [...sockets, ...late]
    const turns = async () => {
      await new Promise((resolve) => setImmediate(resolve))
      return [first?.sentBytes, late[0]?.sentBytes]
    }
    const [before = 0] = await turns()
    // A text of two bytes is a frame of four.
    turn(all, 5)
    expect(first?.sentBytes).toBe(before)
    expect(await turns()).toEqual([before + 20, 20])
    const ws = wsOf.get(first as UwsSocket) as FakeWs
    ws.buffered = 12
    turn(all, 3)
    expect(await turns()).toEqual([before + 20, 32])
    ws.buffered = 4
    expect(await turns()).toEqual([before + 28, 32])
    turn(sockets, 1)
    ws.buffered = 0
    expect(await turns()).toEqual([before + 36, 32])
  })

  test('has members that hear of a drain', async () => {
    const sockets = settled(16)
    const [socket] = sockets
    const calls: string[] = []
    const handler = {
      message() {},
      ping() {},
      pong() {},
      drain: () => calls.push('drain'),
      closed() {},
    }
    socket?.listen(handler)
    const later = () => new Promise((resolve) => setImmediate(resolve))
    socket?.drained()
    await later()
    turn(sockets)
    socket?.drained()
    await later()
    expect(calls).toEqual(['drain', 'drain'])
  })
})

test('a thousand turns of every kind', () => {
  const unit = seeded(7)
  const random = (below: number) => Math.floor(unit() * below)
  let rooms = [join(40), join(60), join(20)]
  for (let i = 0; i < 1000; i++) {
    const room = rooms[random(3)] as UwsSocket[]
    const kind = random(20)
    if (kind === 0) room.push(...join(1 + random(3)))
    else if (kind === 1) room.splice(random(room.length), random(3))
    else if (kind === 2) room.splice(random(room.length), 1)[0]?.terminate()
    else if (kind === 3) rooms = [rooms[1] ?? [], rooms[2] ?? [], [...(rooms[0] ?? []), ...join(9)]]
    else if (kind === 4) rooms[random(3)]?.push(...room.splice(0, random(5)))
    turn(room, 1 + random(12))
  }
  check()
  expect(app.published).toBeGreaterThan(100)
})
