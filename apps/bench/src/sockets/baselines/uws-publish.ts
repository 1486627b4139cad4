// By hand on uWebSockets.js: its own topics, which batch what is published within a turn.

import { serve } from '../servers/serve.js'
import { openBareUws } from './bare-uws.js'
import { byHand } from './by-hand.js'

serve(async () => {
  const bare = await openBareUws()
  // Bytes are faster than text, which would be encoded again.
  return byHand(bare, (text) => void bare.app.publish(bare.topic, Buffer.from(text), false))
})
