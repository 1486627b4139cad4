// `attachSockets`: upgrades of a uWebSockets.js app, decided by core and completed by uWS.

import { createSocketRouter, type SocketOptions, type SocketRouter } from '@chan/sockets'
import { checkApp, type UwsApp, type UwsBehavior } from './app.js'
import { behavior } from './behavior.js'
import { UwsFanOut } from './fan-out.js'

/**
 * Serves sockets on an app of uWebSockets.js; add routes to what it answers. Only their paths are
 * registered: every other path, and every request to them that is no upgrade, stays with the app.
 * Listening and closing stay with you.
 * @throws {ChanError} `invalid-option`, before anything was attached
 */
export function attachSockets<Context = undefined>(
  app: UwsApp,
  options: SocketOptions<Context> = {},
): SocketRouter<Context> {
  checkApp(app)
  let serve: UwsBehavior
  const { router, gate } = createSocketRouter(options, {
    fanOut: new UwsFanOut(app, options.perMessageDeflate === true),
    // What is completed later goes through a `cork` of ours; see handshake.ts.
    waits: false,
    routed: (path) => app.ws(pattern(path), serve),
  })
  serve = behavior(gate, options, app)
  return router
}

/**
 * A path of ours in the words of uWS, which compares segments as they came, still encoded. What may
 * be encoded is left open here; core has the last word.
 */
function pattern(path: string): string {
  return path
    .split('/')
    .map((segment) => (/^:|^[\w.~-]*$/.test(segment) ? segment : ':literal'))
    .join('/')
}
