// What happens to incoming frames: published by default, or given to `onMessage`, or refused.

import { ChanError, encodeErrorFrame, isChanError, parseBridgeText } from '@chan/protocol'
import type { FrameConsumer } from '../inbox.js'
import { TokenBucket } from '../token-bucket.js'
import type { Bridge } from './bridge.js'

/** Consumes this bridge's frames. */
export function incoming(bridge: Bridge): FrameConsumer {
  if (bridge.options.receiveOnly) return () => answer(bridge, receiveOnly())
  return bridge.options.onMessage ? handling(bridge) : publishing(bridge)
}

function publishing(bridge: Bridge): FrameConsumer {
  const { channel, connection, userId } = bridge
  const { publishes } = connection.limits
  const bucket = new TokenBucket(publishes, connection.home.clock)
  return (text) => {
    if (!bucket.take()) return answer(bridge, tooMany(publishes.perSecond, bucket.waitMs))
    // Not waited for: publishes of one process keep the order of the calls.
    const published = channel.publish(parseBridgeText(text), { sender: userId })
    published.catch((error: unknown) => answer(bridge, error))
  }
}

function handling(bridge: Bridge): FrameConsumer {
  const { channel, socket, options } = bridge
  const failed = (error: unknown) => bridge.report('onMessage', error)
  return (text) => {
    try {
      const result: unknown = options.onMessage?.(text, channel, socket)
      // A hook that is done at once makes nobody wait.
      if (isThenable(result)) return Promise.resolve(result).then(() => {}, failed)
    } catch (error) {
      failed(error)
    }
  }
}

/** Tells the peer why its frame was not published. Foreign errors are for `onError` alone. */
function answer(bridge: Bridge, error: unknown): void {
  // What is the server's own fault is told to the server.
  if (!isChanError(error) || error.cause !== undefined) bridge.report('publish', error)
  const told = isChanError(error) ? error : internal()
  bridge.connection.outbox.send(encodeErrorFrame(told))
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value
}

function receiveOnly(): ChanError {
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
