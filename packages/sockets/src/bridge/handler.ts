// `websocketChannelHandler`: the life of one socket on one channel, from beginning to end.

import { type Channel, servedChannel } from '@chan/core/connections'
import { CloseCode, type Metadata } from '@chan/protocol'
import { type ChannelSocket, ConnectedSocket } from '../connection/channel-socket.js'
import { endSession } from '../connection/end-session.js'
import { Bridge } from './bridge.js'
import { connect } from './connect.js'
import { takeDown } from './disconnect.js'
import { Incoming } from './incoming.js'
import {
  type BridgeOptions,
  type BridgeResult,
  checkBridgeOptions,
  copyBridgeOptions,
} from './options.js'

/**
 * Bridges a socket to a channel: its messages go out as JSON, history first; text frames that come
 * in are published with `userId` as sender, as JSON if they parse, else as the string.
 *
 * The options are read at the call: what is changed in them later is for later sockets.
 *
 * Resolves when the socket is gone and everything the connection held is released. Never rejects,
 * except for a mistake in the call; errors go to the layer's `onError`. Frames that arrive
 * before the bridge is ready wait, at most `maxQueuedFrames`. Once `onConnect` was reached, those
 * that arrived before the peer closed are still handled, for at most `closeTimeoutMs`.
 *
 * Close codes: 1003 binary frame, 1007 bad UTF-8, 1008 denied, unusable options or too many frames,
 * 1009 too large, 1011 `onConnect` or the backend failed, 1012 the server goes away, 1013 slow
 * consumer or messages lost.
 * @throws {ChanError} `invalid-option` if the socket is bridged already, or for what is no socket or
 * no channel
 */
export function websocketChannelHandler<T = unknown, P = Metadata>(
  socket: ChannelSocket,
  channel: Channel<T, P>,
  options: BridgeOptions<T, P> = {},
): Promise<BridgeResult> {
  return new Promise((resolve, reject) => {
    let bridge: Bridge
    let incoming: Incoming
    let given: BridgeOptions
    try {
      const connection = ConnectedSocket.connectionOf(socket)
      // Types of data and metadata matter to the caller only.
      given = copyBridgeOptions(options as unknown as BridgeOptions)
      bridge = new Bridge(socket, connection, servedChannel(channel), given, resolve)
      incoming = new Incoming(bridge)
      connection.claim(given.userId ?? null, incoming)
    } catch (error) {
      return reject(error)
    }
    void begin(bridge, given, incoming).then(() => {
      bridge.standing = true
      if (bridge.over) takeDown(bridge)
    })
  })
}

/** Never rejects. */
async function begin(bridge: Bridge, options: BridgeOptions, incoming: Incoming): Promise<void> {
  const { connection, userId } = bridge
  const { sessions, closing } = bridge.served.context
  sessions.add(userId, bridge)
  if (closing.aborted) endSession(connection, 'closing')
  try {
    checkBridgeOptions(options)
    await connect(bridge, options, incoming)
  } catch (error) {
    bridge.report('connect', error)
    connection.close(CloseCode.fault, 'internal error')
  }
}
