// By hand on ws: each message is framed once and written once to every socket.

import { serve } from '../servers/serve.js'
import { openBareWs } from './bare-ws.js'
import { byHand } from './by-hand.js'
import { serverFrame } from './server-frame.js'

serve(async () => {
  const bare = await openBareWs()
  return byHand(bare, (text) => {
    const frame = serverFrame(text)
    for (const { _socket } of bare.sockets) _socket.write(frame)
  })
})
