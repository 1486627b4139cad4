// Chan over ws, as its README has it, without history for newcomers.

import { createServer } from 'node:http'
import { attachSockets, websocketChannelHandler } from '@chan/ws'
import { listenOn } from '../baselines/listen.js'
import { ChanServed, PLENTIFUL } from './chan-served.js'
import { serve } from './serve.js'

serve(async () => {
  const chan = new ChanServed()
  const server = createServer()
  attachSockets(server).route('/ws/:room', PLENTIFUL, (socket, { params }) =>
    websocketChannelHandler(socket, chan.layer.channel(params.room), chan.options),
  )
  return chan.on(await listenOn(server))
})
