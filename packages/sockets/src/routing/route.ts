// A route with everything its options say, resolved against its router's.

import { refuse } from '@chan/core/connections'
import type { ChannelSocket } from '../connection/channel-socket.js'
import { type ConnectionLimits, resolveLimits } from '../connection/limits.js'
import { type OriginCheck, originCheck } from './origins.js'
import type { SocketRequest } from './request.js'
import type { Admit, RouteOptions } from './socket-options.js'

/** A route as the router keeps it: contexts and params are typed at its door only. */
export interface Route {
  readonly path: string
  readonly limits: ConnectionLimits
  readonly allowsOrigin: OriginCheck
  /** All are asked: the router's, then the route's own. */
  readonly admits: readonly Admit<unknown>[]
  readonly handler: (socket: ChannelSocket, request: SocketRequest) => unknown
}

/** What a route inherits. */
export type RouteDefaults = Omit<Route, 'path' | 'handler'> & {
  readonly options: RouteOptions<unknown>
}

/** @throws {ChanError} `invalid-option` */
export function routeDefaults(options: RouteOptions<unknown>): RouteDefaults {
  checkAdmit(options)
  return {
    options,
    limits: resolveLimits(options),
    allowsOrigin: originCheck(options),
    admits: options.admit ? [options.admit] : [],
  }
}

/** @throws {ChanError} `invalid-option` */
export function makeRoute(
  path: string,
  options: RouteOptions<unknown>,
  handler: Route['handler'],
  defaults: RouteDefaults,
): Route {
  checkAdmit(options)
  refuse(typeof handler !== 'function', 'handler', 'a function')
  const ownOrigins = options.origins !== undefined || options.trustProxy !== undefined
  return {
    path,
    limits: resolveLimits(options, defaults.limits),
    allowsOrigin: ownOrigins
      ? originCheck({
          origins: options.origins ?? defaults.options.origins ?? [],
          trustProxy: options.trustProxy ?? defaults.options.trustProxy ?? false,
        })
      : defaults.allowsOrigin,
    admits: options.admit ? [...defaults.admits, options.admit] : defaults.admits,
    handler,
  }
}

function checkAdmit({ admit }: RouteOptions<unknown>): void {
  refuse(admit !== undefined && typeof admit !== 'function', 'admit', 'a function')
}
