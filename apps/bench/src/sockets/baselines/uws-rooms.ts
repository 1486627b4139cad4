// By hand on uWebSockets.js: what a client says is published to its room's topic.

import type { Data } from '../message.js'
import { serve } from '../servers/serve.js'
import { listenOnUws, loadUws } from './load-uws.js'
import { NumberedRooms } from './numbered-rooms.js'

interface Member {
  readonly room: string
}

serve(async () => {
  const uws = await loadUws()
  const rooms = new NumberedRooms()
  let size = 0
  const publish = (room: string, data: Data) => {
    app.publish(room, Buffer.from(rooms.text(room, data)), false)
  }
  const app = uws.App().ws<Member>('/ws/:room', {
    upgrade: (response, request, context) => {
      const key = request.getHeader('sec-websocket-key')
      response.upgrade({ room: request.getParameter(0) ?? '' }, key, '', '', context)
    },
    open: (socket) => {
      size++
      socket.subscribe(socket.getUserData().room)
    },
    message: (socket, text) => {
      publish(socket.getUserData().room, JSON.parse(Buffer.from(text).toString()) as Data)
    },
    close: () => void size--,
  })
  return { port: await listenOnUws(uws, app), size: () => size, publish }
})
