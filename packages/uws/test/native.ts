// uWebSockets.js for the tests, where its binary loads; a reason to skip them where not.

import type { us_listen_socket } from 'uWebSockets.js'
import { attachSockets } from '../src/index.js'

type Uws = typeof import('uWebSockets.js')

const loaded = await load()

/** Why there is nothing to test with; undefined if there is. */
export const skipReason = typeof loaded === 'string' ? loaded : undefined

if (skipReason !== undefined) {
  console.warn(`\n@chan/uws: TESTS ARE SKIPPED, ${skipReason}\n`)
  // The version that the tests bring along has a binary for Node 20: there it is no excuse.
  if (process.env.CI && process.versions.node.startsWith('20.')) throw new Error(skipReason)
}

export function uws(): Uws {
  if (typeof loaded === 'string') throw new Error(loaded)
  return loaded
}

/** An app that listens on a free port, and answers what is not ours as an application would. */
export function listen(options: Parameters<typeof attachSockets>[1] = {}) {
  const { App, us_listen_socket_close, us_socket_local_port } = uws()
  const app = App()
  const router = attachSockets<unknown>(app, options)
  app.any('/*', (response) => {
    response.writeStatus('404 Not Found').end('Not found', true)
  })
  let listening: us_listen_socket | false = false
  app.listen('127.0.0.1', 0, (socket) => {
    listening = socket
  })
  if (!listening) throw new Error('uWebSockets.js cannot listen')
  const socket: us_listen_socket = listening
  return {
    app,
    router,
    port: us_socket_local_port(socket),
    async close() {
      us_listen_socket_close(socket)
      app.close()
    },
  }
}

async function load(): Promise<Uws | string> {
  try {
    return await import('uWebSockets.js')
  } catch (error) {
    return `uWebSockets.js cannot be loaded: ${error instanceof Error ? error.message : error}`
  }
}
