// What becomes of messages for a peer that reads more slowly than they come.

import { callSafely } from './call.js'
import type { Message } from './message.js'

/**
 * What a channel does to a socket for which more than `maxBufferedBytes` wait:
 * - `disconnect`: closes it with 1013; the client comes back and continues from its position.
 * - `catch-up`: stops sending it the channel, and reads on from its position when it has caught up, at
 *   its pace. If it stayed away longer than messages are kept for recovery, it is closed with 1013.
 * - `drop`: leaves messages out until the peer has caught up; the client sees the gap in the offsets.
 * - `conflate`: keeps only the newest message of each key until then; nothing that is current is lost.
 */
export type SlowConsumerPolicy = 'disconnect' | 'catch-up' | 'drop' | 'conflate'

/** How often slow consumers were met, since the layer was made. */
export interface SlowConsumerCounts {
  /** Sockets that were closed. */
  disconnected: number
  /** Times that a socket was left behind, to read on later. */
  caughtUp: number
  /** Messages left out for a socket. */
  dropped: number
  /** Messages that a newer one of their key replaced for a socket. */
  conflated: number
}

/** @internal What one channel does, and where it is counted. */
export interface SlowConsumer {
  readonly policy: SlowConsumerPolicy
  /** What of two messages makes the newer one replace the older. Never throws. */
  keyOf(message: Message): string
  readonly counts: SlowConsumerCounts
}

/** @internal A user's key function, made safe: one that fails makes a key of its own of no message. */
export function safeKey(
  conflateKey: ((message: Message) => string) | undefined,
  report: (error: unknown) => void,
): (message: Message) => string {
  if (!conflateKey) return () => ''
  return (message) => {
    let key = ''
    callSafely(() => {
      key = String(conflateKey(message))
    }, report)
    return key
  }
}
