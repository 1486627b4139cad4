// uWebSockets.js, which is native code that does not load everywhere: asked for late, so that the
// reason can be told.

import type { TemplatedApp } from 'uWebSockets.js'

export type Uws = typeof import('uWebSockets.js')

export function loadUws(): Promise<Uws> {
  return import('uWebSockets.js')
}

export function listenOnUws(uws: Uws, app: TemplatedApp): Promise<number> {
  return new Promise((resolve, reject) => {
    app.listen('127.0.0.1', 0, (listening) => {
      if (listening) resolve(uws.us_socket_local_port(listening))
      else reject(new Error('uWebSockets.js could not listen'))
    })
  })
}
