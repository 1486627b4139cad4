// By hand on ws: what a client says goes to its room, framed once and written once to every socket.

import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'
import type { Data } from '../message.js'
import { serve } from '../servers/serve.js'
import type { BareSocket } from './bare-ws.js'
import { listenOn } from './listen.js'
import { NumberedRooms } from './numbered-rooms.js'
import { serverFrame } from './server-frame.js'

serve(async () => {
  const rooms = new NumberedRooms()
  const members = new Map<string, Set<BareSocket>>()
  let size = 0
  const publish = (room: string, data: Data) => {
    const frame = serverFrame(rooms.text(room, data))
    for (const { _socket } of members.get(room) ?? []) _socket.write(frame)
  }
  const server = createServer()
  const completer = new WebSocketServer({ server, clientTracking: false, perMessageDeflate: false })
  completer.on('connection', (socket: BareSocket, { url = '' }) => {
    const room = url.slice(url.lastIndexOf('/') + 1)
    const present = members.get(room) ?? new Set()
    members.set(room, present.add(socket))
    size++
    socket.on('message', (text) => publish(room, JSON.parse(String(text)) as Data))
    socket.on('error', () => {})
    socket.on('close', () => {
      present.delete(socket)
      size--
    })
  })
  return { port: await listenOn(server), size: () => size, publish }
})
