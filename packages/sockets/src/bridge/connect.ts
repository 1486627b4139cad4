// The way in, step by step: authorize, presence, subscription, groups, history, hook. Each step asks
// first whether somebody is still there.

import { CloseCode, isChanError, validateIdentifier } from '@chan/protocol'
import { historyCount } from '../connection/history-count.js'
import type { FrameConsumer } from '../connection/inbox.js'
import { takeSeat } from '../connection/take-seat.js'
import type { Bridge } from './bridge.js'
import type { BridgeOptions } from './options.js'
import { patiently } from './patience.js'

/** Resolves when frames may come in, or when the connection ended on the way. Never rejects. */
export async function connect(
  bridge: Bridge,
  options: BridgeOptions,
  frames: FrameConsumer,
): Promise<void> {
  try {
    if (bridge.userId !== null) validateIdentifier('userId', bridge.userId)
    // Before asking for permission: whoever is disconnected or revoked from then on is heard of.
    await bridge.connection.untilEnded(bridge.served.context.sessions.ready())
    if (bridge.over || !(await authorized(bridge))) return
    const first = await joined(bridge, options)
    if (bridge.over) return
    await received(bridge, options)
    if (bridge.over || !(await greeted(bridge, options, first))) return
    bridge.connection.consume(frames)
  } catch (error) {
    giveUp(bridge, error)
  }
}

async function authorized(bridge: Bridge): Promise<boolean> {
  const { connection, served, userId } = bridge
  try {
    // An authFn may take its time; nobody has to wait for it once the socket is gone.
    await connection.untilEnded(served.authorize(userId))
  } catch (error) {
    if (!isChanError(error, 'permission-denied')) throw error
    bridge.deny()
  }
  return !bridge.over
}

async function joined(bridge: Bridge, { metadata }: BridgeOptions): Promise<boolean> {
  const { userId, served } = bridge
  if (userId === null) return false
  bridge.willJoin(userId)
  return (await served.hold(userId, bridge.hold, metadata)).first
}

async function received(bridge: Bridge, options: BridgeOptions): Promise<void> {
  const { connection, served, userId } = bridge
  const history = historyCount(options.sendHistory ?? true)
  bridge.seat = await takeSeat(connection, served, bridge, { userId, history })
  for (const target of options.groups ?? []) {
    if (bridge.over) return
    const group = typeof target === 'string' ? target : target.name
    // Noted first: what fails may have been stored all the same.
    bridge.groups ??= []
    bridge.groups.push(group)
    await served.enterGroup(group, bridge.hold)
  }
  const { replayed } = bridge.seat.attachment
  if (!bridge.over && replayed) await connection.untilEnded(replayed)
}

/** Answers false if the hook failed. */
async function greeted(
  bridge: Bridge,
  { onConnect }: BridgeOptions,
  first: boolean,
): Promise<boolean> {
  const { connection } = bridge
  bridge.greeted = true
  if (!onConnect) return true
  let failed = false
  const hook = async () => {
    try {
      await onConnect(bridge.channel, { first })
    } catch (error) {
      failed = true
      bridge.report('onConnect', error)
      connection.close(CloseCode.fault, 'internal error')
    }
  }
  await patiently(bridge, hook())
  return !failed
}

function giveUp(bridge: Bridge, error: unknown): void {
  const { connection, served } = bridge
  if (served.context.closing.aborted) {
    return connection.close(CloseCode.goingAway, 'the server is going away')
  }
  bridge.report('connect', error)
  // What the server was asked for was wrong, and would be the next time: a client-chosen user id
  // or metadata, most likely.
  const wrong = isChanError(error) && !error.retryable
  connection.close(wrong ? CloseCode.policy : CloseCode.fault, wrong ? 'refused' : 'internal error')
}
