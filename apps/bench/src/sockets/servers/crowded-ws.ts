// Chan over ws and PostgreSQL, for a crowd of stalled readers.

import { createServer } from 'node:http'
import { attachSockets } from '@chan/ws'
import { listenOn } from '../baselines/listen.js'
import { Crowded, PATIENT } from './crowded.js'
import { serve } from './serve.js'

serve(async () => {
  const crowded = await Crowded.open(Crowded.setup())
  const server = createServer()
  attachSockets(server, PATIENT).route('/ws/:room', (socket, { params }) =>
    crowded.serve(socket, params.room),
  )
  return crowded.on(await listenOn(server))
})
