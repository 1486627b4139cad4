// What happens to incoming frames: published by default, or given to `onMessage`, or refused.

import { isThenable } from '@chan/core/connections'
import { ChanError, encodeErrorFrame, isChanError, parseBridgeText } from '@chan/protocol'
import type { Bridge } from './bridge.js'
import type { BridgeOptions } from './options.js'

/** Takes one of this bridge's frames. */
export function consume(bridge: Bridge, text: string): void | Promise<void> {
  const { receiveOnly, onMessage } = bridge.options
  if (receiveOnly) return answer(bridge, onlyReceives())
  if (onMessage) return handle(bridge, onMessage, text)
  publish(bridge, text)
}

function publish(bridge: Bridge, text: string): void {
  const { target, connection, userId, publishes } = bridge
  if (!publishes.take()) {
    return answer(bridge, tooMany(connection.limits.publishes.perSecond, publishes.waitMs))
  }
  // Not waited for: publishes of one process keep the order of the calls.
  const published = target.publish(parseBridgeText(text), { sender: userId })
  published.catch((error: unknown) => answer(bridge, error))
}

function handle(
  bridge: Bridge,
  onMessage: NonNullable<BridgeOptions['onMessage']>,
  text: string,
): void | Promise<void> {
  const failed = (error: unknown) => bridge.report('onMessage', error)
  try {
    const result: unknown = onMessage(text, bridge.channel, bridge.socket)
    // A hook that is done at once makes nobody wait.
    if (isThenable(result)) return Promise.resolve(result).then(() => {}, failed)
  } catch (error) {
    failed(error)
  }
}

/** Tells the peer why its frame was not published. Foreign errors are for `onError` alone. */
function answer(bridge: Bridge, error: unknown): void {
  // What is the server's own fault is told to the server.
  if (!isChanError(error) || error.cause !== undefined) bridge.report('publish', error)
  const told = isChanError(error) ? error : internal()
  bridge.connection.outbox.send(encodeErrorFrame(told))
}

function onlyReceives(): ChanError {
  return new ChanError(
    'permission-denied',
    'This connection only receives.',
    'Send nothing here; publish through the server.',
  )
}

function tooMany(perSecond: number, retryAfterMs: number): ChanError {
  return new ChanError(
    'rate-limited',
    'The message was not published: too many in a short time.',
    `Send at most ${perSecond} per second; try this one again in ${retryAfterMs} ms.`,
    { details: { retryAfterMs } },
  )
}

function internal(): ChanError {
  return new ChanError(
    'unavailable',
    'The message could not be published.',
    'Try again later; the server has logged the cause.',
  )
}
