// The peer: Socket.IO on ws, websockets only, nothing compressed. Rooms are joined by a query
// parameter, and what a client says goes to its room.

import { createServer } from 'node:http'
import { Server } from 'socket.io'
import { listenOn } from '../baselines/listen.js'
import { eventEnvelope } from '../message.js'
import { serve } from './serve.js'

serve(async () => {
  const server = createServer()
  const io = new Server(server, {
    transports: ['websocket'],
    perMessageDeflate: false,
    serveClient: false,
  })
  io.on('connection', (socket) => {
    const room = String(socket.handshake.query.room)
    socket.join(room)
    socket.on('m', (data) => io.to(room).emit('m', data))
  })
  let offset = 0
  return {
    port: await listenOn(server),
    size: () => io.engine.clientsCount,
    publish: (room, data) => {
      io.to(room).emit('m', eventEnvelope(room, data, ++offset))
    },
  }
})
