// The way out: what the connection held is released, no messages first, then no presence, then no
// groups; then the hook that may say so.

import type { Ending } from '../connection/line.js'
import { leaveSeat } from '../connection/take-seat.js'
import type { Bridge } from './bridge.js'
import type { BridgeResult, DisconnectInfo } from './options.js'
import { patiently } from './patience.js'

/** Whatever ends it on the way, it is first built up as far as it comes. */
export function takeDown(bridge: Bridge): void {
  if (bridge.standing) void end(bridge).then(bridge.settle)
}

/** Never rejects. */
async function end(bridge: Bridge): Promise<BridgeResult> {
  const { connection, userId, served } = bridge
  const ending = connection.ending as Ending
  await patiently(bridge, connection.consumed())
  connection.dropFrames()
  const last = await release(bridge)
  served.context.sessions.remove(userId, bridge)
  await farewell(bridge, { last, ...ending })
  await connection.gone
  return { code: ending.code, reason: ending.reason, denied: bridge.denied }
}

/** Runs once, after the connection ended. Answers whether its user left with it. Never rejects. */
async function release(bridge: Bridge): Promise<boolean> {
  const { connection, served, seat, groups } = bridge
  if (seat) await leaveSeat(connection, seat, bridge)
  const last = await bridge.releasePresence()
  for (const group of groups ?? []) {
    await bridge.attempt('group', () => served.leaveGroup(group, bridge.hold))
  }
  return last
}

/** The hook, if the other one had its turn. Waited for as long as hooks may take. Never rejects. */
async function farewell(bridge: Bridge, info: DisconnectInfo): Promise<void> {
  const { onDisconnect } = bridge
  if (!bridge.greeted || !onDisconnect) return
  const hook = bridge.attempt('onDisconnect', () => onDisconnect(bridge.channel, info))
  await patiently(bridge, hook)
}
