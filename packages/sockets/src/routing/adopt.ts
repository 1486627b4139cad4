// Sockets that another framework accepted: the same connection, without a route and a router.

import { type Clock, systemClock } from '@chan/core/connections'
import { CloseCode } from '@chan/protocol'
import { type ChannelSocket, ConnectedSocket } from '../connection/channel-socket.js'
import { Connection } from '../connection/connection.js'
import { nextConnectionNumber } from '../connection/connection-id.js'
import { Home } from '../connection/home.js'
import {
  type ConnectionLimits,
  resolveDurations,
  resolveLimits,
  type SocketDurations,
} from '../connection/limits.js'
import type { FanOut, Socket, SocketHandler, UpgradeRequest } from '../port/port.js'
import { type OriginOptions, originCheck } from './origins.js'

/** Options of `adoptSocket`. */
export interface AdoptOptions
  extends OriginOptions,
    Partial<ConnectionLimits>,
    Partial<SocketDurations> {
  /** For tests. Default: the host's time. */
  readonly clock?: Clock
}

/** Stands for an adapter that writes frame by frame. */
const PLAIN: FanOut = { write: () => {} }

/** Shared by all that an adapter adopted with default durations: one timer, and turns together. */
const defaultHomes = new WeakMap<FanOut, Home>()

/**
 * Takes over a connected socket. A foreign origin is closed with 1008: the upgrade is over, and the
 * framework that did it has not asked.
 * @throws {ChanError} `invalid-option`
 */
export function adopt(
  socket: Socket,
  request: UpgradeRequest,
  options: AdoptOptions = {},
  fanOut: FanOut = PLAIN,
): { readonly socket: ChannelSocket; readonly handler: SocketHandler } {
  const limits = resolveLimits(options)
  const durations = resolveDurations(options)
  const home = homeFor(fanOut, durations, options.clock)
  const allowed = originCheck(options)(request)
  const connection = new Connection(nextConnectionNumber(), socket, limits, home)
  if (!allowed) connection.close(CloseCode.policy, 'this origin is not allowed')
  return { socket: new ConnectedSocket(connection), handler: connection }
}

function homeFor(fanOut: FanOut, durations: SocketDurations, clock?: Clock): Home {
  const own = fanOut === PLAIN ? undefined : fanOut
  let home = defaultHomes.get(fanOut)
  if (!home) {
    home = new Home(systemClock, resolveDurations({}), own)
    defaultHomes.set(fanOut, home)
  }
  const { durations: usual } = home
  const isUsual = Object.entries(durations).every(
    ([name, value]) => usual[name as keyof SocketDurations] === value,
  )
  return isUsual && !clock ? home : new Home(clock ?? systemClock, durations, own)
}
