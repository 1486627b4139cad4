// The same over uWebSockets.js. A module that does not load is a reason to leave this server out.

import { attachSockets, websocketChannelHandler } from '@chan/uws'
import { listenOnUws, loadUws } from '../baselines/load-uws.js'
import { ChanServed, PLENTIFUL } from './chan-served.js'
import { serve } from './serve.js'

serve(async () => {
  const uws = await loadUws()
  const chan = new ChanServed()
  const app = uws.App()
  attachSockets(app).route('/ws/:room', PLENTIFUL, (socket, { params }) =>
    websocketChannelHandler(socket, chan.layer.channel(params.room), chan.options),
  )
  return chan.on(await listenOnUws(uws, app))
})
