// A route with everything its options say, resolved against its router's.

import { refuse } from '@chan/core/connections'
import type { ChannelSocket } from '../connection/channel-socket.js'
import { type ConnectionLimits, resolveLimits } from '../connection/limits.js'
import { type OriginCheck, type OriginOptions, originCheck } from './origins.js'
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
  readonly origin: Required<OriginOptions>
}

/** @throws {ChanError} `invalid-option` */
export function routeDefaults(options: RouteOptions<unknown>): RouteDefaults {
  checkAdmit(options)
  return {
    origin: copyOrigin(options),
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
      ? originCheck(copyOrigin(options, defaults.origin))
      : defaults.allowsOrigin,
    admits: options.admit ? [...defaults.admits, options.admit] : defaults.admits,
    handler,
  }
}

/** Kept for the router's later routes, whatever becomes of the caller's object. */
function copyOrigin(
  { origins, trustProxy }: OriginOptions,
  base: Required<OriginOptions> = { origins: [], trustProxy: false },
): Required<OriginOptions> {
  const chosen = origins ?? base.origins
  return {
    origins: Array.isArray(chosen) ? [...chosen] : chosen,
    trustProxy: trustProxy ?? base.trustProxy,
  }
}

function checkAdmit({ admit }: RouteOptions<unknown>): void {
  refuse(admit !== undefined && typeof admit !== 'function', 'admit', 'a function')
}
