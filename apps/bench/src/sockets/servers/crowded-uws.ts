// The same over uWebSockets.js.

import { attachSockets } from '@chan/uws'
import { listenOnUws, loadUws } from '../baselines/load-uws.js'
import { Crowded, PATIENT } from './crowded.js'
import { serve } from './serve.js'

serve(async () => {
  const uws = await loadUws()
  const crowded = await Crowded.open(Crowded.setup())
  const app = uws.App()
  attachSockets(app, PATIENT).route('/ws/:room', (socket, { params }) =>
    crowded.serve(socket, params.room),
  )
  return crowded.on(await listenOnUws(uws, app))
})
