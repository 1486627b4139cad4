// By hand on uWebSockets.js: the messages of a turn are sent to each socket within one cork.

import { serve } from '../servers/serve.js'
import { openBareUws } from './bare-uws.js'
import { byHand } from './by-hand.js'

serve(async () => {
  const bare = await openBareUws()
  const bodies: Buffer[] = []
  const endTurn = () => {
    for (const socket of bare.sockets) {
      socket.cork(() => {
        for (const body of bodies) socket.send(body, false)
      })
    }
    bodies.length = 0
  }
  return byHand(bare, (text) => bodies.push(Buffer.from(text)), endTurn)
})
