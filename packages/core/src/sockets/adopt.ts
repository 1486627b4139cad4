// Sockets that another framework accepted: the same connection, without a route and a router.

import { CloseCode } from '@chan/protocol'
import { type Clock, systemClock } from '../model/clock.js'
import { type ChannelSocket, ConnectedSocket } from './channel-socket.js'
import { Connection } from './connection.js'
import { connectionHome, newConnectionId } from './connection-home.js'
import {
  type ConnectionLimits,
  resolveDurations,
  resolveLimits,
  type SocketDurations,
} from './limits.js'
import { type OriginOptions, originCheck } from './origins.js'
import type { Socket, SocketHandler, UpgradeRequest } from './port.js'

/** Options of `adoptSocket`. */
export interface AdoptOptions
  extends OriginOptions,
    Partial<ConnectionLimits>,
    Partial<SocketDurations> {
  /** For tests. Default: the host's time. */
  readonly clock?: Clock
}

/** Shared by all that were adopted with default durations, so that they share one timer. */
const defaultHome = connectionHome(systemClock, resolveDurations({}))

/**
 * Takes over a connected socket. A foreign origin is closed with 1008: the upgrade is over, and the
 * framework that did it has not asked.
 * @throws {ChanError} `invalid-option`
 */
export function adopt(
  socket: Socket,
  request: UpgradeRequest,
  options: AdoptOptions = {},
): { readonly socket: ChannelSocket; readonly handler: SocketHandler } {
  const limits = resolveLimits(options)
  const durations = resolveDurations(options)
  const isDefault = Object.entries(durations).every(
    ([name, value]) => defaultHome.durations[name as keyof SocketDurations] === value,
  )
  const home =
    isDefault && !options.clock
      ? defaultHome
      : connectionHome(options.clock ?? systemClock, durations)
  const allowed = originCheck(options)(request)
  const connection = new Connection(newConnectionId(), socket, limits, home)
  if (!allowed) connection.close(CloseCode.policy, 'this origin is not allowed')
  return { socket: new ConnectedSocket(connection), handler: connection }
}
