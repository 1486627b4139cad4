// By hand on ws, as everybody begins: the text is sent to one socket after the other.

import { serve } from '../servers/serve.js'
import { openBareWs } from './bare-ws.js'
import { byHand } from './by-hand.js'

serve(async () => {
  const bare = await openBareWs()
  return byHand(bare, (text) => {
    for (const socket of bare.sockets) socket.send(text)
  })
})
