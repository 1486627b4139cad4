// What happens to incoming frames: too many close the connection, others are published by default, or
// given to `onMessage`, or refused.

import { isThenable } from '@chan/core/connections'
import {
  ChanError,
  CloseCode,
  encodeErrorFrame,
  isChanError,
  parseBridgeText,
} from '@chan/protocol'
import type { ConnectionOwner } from '../connection/connection.js'
import type { FrameConsumer } from '../connection/inbox.js'
import { TokenBucket } from '../connection/token-bucket.js'
import type { Bridge } from './bridge.js'
import { takeDown } from './disconnect.js'
import type { BridgeOptions } from './options.js'

/** @internal The bridge's side of its connection. Most connections are quiet: buckets are made with frames. */
export class Incoming implements ConnectionOwner, FrameConsumer {
  readonly #bridge: Bridge
  #commands: TokenBucket | undefined
  #publishes: TokenBucket | undefined

  constructor(bridge: Bridge) {
    this.#bridge = bridge
  }

  connectionEnded(): void {
    takeDown(this.#bridge)
  }

  /** Counts a frame as it comes. */
  takes(): boolean {
    const { limits, home } = this.#bridge.connection
    this.#commands ??= new TokenBucket(limits.commands, home.clock)
    if (this.#commands.take()) return true
    this.#bridge.connection.close(CloseCode.policy, 'too many frames per second')
    return false
  }

  /** Handles one of the frames that were taken. */
  consume(text: string): void | Promise<void> {
    const { receiveOnly, onMessage } = this.#bridge
    if (receiveOnly) return this.#answer(onlyReceives())
    if (onMessage) return this.#handle(onMessage, text)
    this.#publish(text)
  }

  #publish(text: string): void {
    const { served, connection, userId } = this.#bridge
    const { limits, home } = connection
    this.#publishes ??= new TokenBucket(limits.publishes, home.clock)
    if (!this.#publishes.take()) {
      return this.#answer(tooMany(limits.publishes.perSecond, this.#publishes.waitMs))
    }
    // Not waited for: publishes of one process keep the order of the calls.
    const published = served.handle.publish(parseBridgeText(text), { sender: userId })
    published.catch((error: unknown) => this.#answer(error))
  }

  #handle(onMessage: NonNullable<BridgeOptions['onMessage']>, text: string): void | Promise<void> {
    const bridge = this.#bridge
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
  #answer(error: unknown): void {
    // What is the server's own fault is told to the server.
    if (!isChanError(error) || error.cause !== undefined) this.#bridge.report('publish', error)
    const told = isChanError(error) ? error : internal()
    this.#bridge.connection.outbox.send(encodeErrorFrame(told))
  }
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
