// The way out: what the connection held is released, no messages first, then no presence, then no
// groups; then the hook that may say so.

import { leaveSeat } from '../connection/take-seat.js'
import type { Bridge } from './bridge.js'
import type { DisconnectInfo } from './options.js'
import { patiently } from './patience.js'

/** Runs once, after the connection ended. Answers whether its user left with it. Never rejects. */
export async function release(bridge: Bridge): Promise<boolean> {
  const { connection, served, seat, options, groups } = bridge
  if (seat) await leaveSeat(connection, seat, options)
  const last = await bridge.releasePresence()
  for (const group of groups ?? []) {
    await bridge.attempt('group', () => served.leaveGroup(group, bridge.hold))
  }
  return last
}

/** The hook, if the other one had its turn. Waited for as long as hooks may take. Never rejects. */
export async function farewell(bridge: Bridge, info: DisconnectInfo): Promise<void> {
  const { onDisconnect } = bridge.options
  if (!bridge.greeted || !onDisconnect) return
  const hook = bridge.attempt('onDisconnect', () => onDisconnect(bridge.channel, info))
  await patiently(bridge, hook)
}
