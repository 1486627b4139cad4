// The way out: what the connection held is released, in the reverse of how others would notice it:
// no more messages, then no presence, then the hook that may say so, then the groups.

import type { Ending } from '../connection.js'
import type { Bridge } from './bridge.js'

/** Runs once, after the connection ended. Never rejects. */
export async function disconnect(bridge: Bridge, ending: Ending): Promise<void> {
  const { subscription, options, channel, hold, groups } = bridge
  if (subscription) await bridge.attempt('unsubscribe', () => subscription.unsubscribe())
  const last = await bridge.releasePresence()
  const { code, reason } = ending
  if (bridge.greeted && options.onDisconnect) {
    const { onDisconnect } = options
    await bridge.attempt('onDisconnect', () => onDisconnect(channel, { last, code, reason }))
  }
  for (const group of groups) {
    await bridge.attempt('group', () => group.release(channel.name, hold))
  }
}
