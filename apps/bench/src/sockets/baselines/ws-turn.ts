// By hand on ws: the frames of a turn are one buffer, written once to every socket.

import { serve } from '../servers/serve.js'
import { openBareWs } from './bare-ws.js'
import { byHand } from './by-hand.js'
import { serverFrame } from './server-frame.js'

serve(async () => {
  const bare = await openBareWs()
  const frames: Buffer[] = []
  return byHand(
    bare,
    (text) => frames.push(serverFrame(text)),
    () => {
      const [only] = frames
      const bytes = frames.length === 1 && only ? only : Buffer.concat(frames)
      frames.length = 0
      for (const { _socket } of bare.sockets) _socket.write(bytes)
    },
  )
})
