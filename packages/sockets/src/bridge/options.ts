// What users tell a bridge, and what it tells them at the end.

import { type Channel, copyMetadata, type Group, refuse } from '@chan/core/connections'
import type { Message, Metadata } from '@chan/protocol'
import type { ChannelSocket } from '../connection/channel-socket.js'
import { historyCount } from '../connection/history-count.js'
import type { Ending } from '../connection/line.js'

/** What `onConnect` learns. */
export interface ConnectInfo {
  /** The user was not present before. False without a `userId`. */
  readonly first: boolean
}

/** What `onDisconnect` learns. */
export interface DisconnectInfo extends Ending {
  /** The user is no longer present. False without a `userId`. */
  readonly last: boolean
}

/** What `websocketChannelHandler` resolves with. */
export interface BridgeResult extends Ending {
  /** The channel's `authFn` refused the user. */
  readonly denied: boolean
}

/** Options of `websocketChannelHandler`. The channel that hooks get is bound to this connection. */
export interface BridgeOptions<T = unknown, P = Metadata> {
  /** Who is connected, as you authenticated it. Becomes present, and the sender. Default: nobody. */
  readonly userId?: string | null | undefined
  /** Presence metadata. The last join of a user counts. */
  readonly metadata?: P | undefined
  /** Groups that have the channel as a member while any connection asks for it. */
  readonly groups?: readonly (string | Group)[] | undefined
  /** Incoming frames are answered with an error frame. Default false. */
  readonly receiveOnly?: boolean | undefined
  /** Runs after history was sent and before incoming frames. A failure closes with 1011. */
  readonly onConnect?: ((channel: Channel<T, P>, info: ConnectInfo) => unknown) | undefined
  /** Runs once if `onConnect` was called or would have been, after presence was released. */
  readonly onDisconnect?: ((channel: Channel<T, P>, info: DisconnectInfo) => unknown) | undefined
  /**
   * Replaces publishing what arrives: one call at a time, in order; the next frame waits for its
   * promise. A failure goes to the layer's `onError` and keeps the socket.
   */
  readonly onMessage?:
    | ((text: string, channel: Channel<T, P>, socket: ChannelSocket) => unknown)
    | undefined
  /** Send history first: all of it, none, or at most so many messages. Default true. */
  readonly sendHistory?: boolean | number | undefined
  /** Only messages, of history too, for which this answers something truthy. */
  readonly filterFn?: ((message: Message<T>) => unknown) | undefined
}

/**
 * The options as they are now: callers share one object between sockets, and change it for the next.
 * They are not checked yet.
 */
export function copyBridgeOptions(options: BridgeOptions): BridgeOptions {
  const { userId, metadata, groups, receiveOnly, sendHistory, filterFn } = options
  const { onConnect, onDisconnect, onMessage } = options
  return {
    ...{ userId, receiveOnly, sendHistory, filterFn, onConnect, onDisconnect, onMessage },
    metadata: copyMetadata(metadata),
    groups: Array.isArray(groups) ? [...groups] : groups,
  }
}

/** @throws {ChanError} `invalid-option` */
export function checkBridgeOptions(options: BridgeOptions): void {
  const { sendHistory = true, groups } = options
  historyCount(sendHistory)
  refuse(groups !== undefined && !Array.isArray(groups), 'groups', 'an array of groups or names')
  for (const hook of ['onConnect', 'onDisconnect', 'onMessage', 'filterFn'] as const) {
    const given = options[hook]
    refuse(given !== undefined && typeof given !== 'function', hook, 'a function')
  }
}
