// The door from a channel that a user holds to what whoever serves clients needs of it.

import { refuse } from '../model/option-check.js'
import type { ServedChannel } from '../ports/connections.js'
import type { Channel } from './channel.js'
import { SERVED } from './served-channel.js'

/**
 * The channel's side for those who serve clients.
 * @throws {ChanError} `invalid-option` for what is no channel of a layer
 */
export function servedChannel(channel: unknown): ServedChannel<Channel> {
  const served = (channel as Partial<Channel> | null | undefined)?.[SERVED]
  refuse(served === undefined, 'channel', 'a channel of a layer, as layer.channel(name) gives it')
  return served as ServedChannel<Channel>
}
