// The port a storage backend implements, in one piece. Its contract is numbered (B1–B12) beside the
// methods; the suite in `@chan/conformance` reuses the numbers.

import type { Clock } from '../model/clock.js'
import type { Message } from '../model/message.js'
import type { GroupStore } from './groups.js'
import type { InterestStore } from './interest.js'
import type { MessageLog } from './log.js'
import type { PresenceChange, PresenceStore } from './presence.js'
import type { TransactionalLog } from './transactions.js'

/** Where a layer stands with its backend. */
export type ConnectionState = 'idle' | 'connecting' | 'connected' | 'reconnecting' | 'closed'

/** Why a backend can no longer vouch for what it delivered. */
export type GapCause = 'connection-lost' | 'reference' | 'lost-doorbell' | 'overflow'

/** What a backend calls back. Every method returns at once and never throws. */
export interface BackendSink {
  /**
   * **B3** every retained message of a watched channel MUST arrive here, *this process's own appends
   * included*, or `gap` is called. Core's gate orders by offset, drops duplicates and reads what is
   * missing, so a backend may feed it from an append's reply as well as from its notifications; a
   * message out of order costs a read, so it should be the exception. An in-process backend calls
   * it inside `append`.
   */
  deliver(channel: string, message: Message): void
  /** A member change of a watched channel. */
  presence(channel: string, change: PresenceChange): void
  /** Something after the last delivery may be missing, in one channel or (`null`) in all watched. */
  gap(channel: string | null, cause: GapCause): void
  /** The connection was lost or is back. Backends that cannot lose it never call this. */
  status(state: ConnectionState, error?: unknown): void
  /** Something failed that no caller waits for. */
  report(error: unknown): void
}

/** What a layer hands to its backend when it opens. */
export interface BackendContext {
  readonly sink: BackendSink
  readonly clock: Clock
}

/** Static abilities of a backend. */
export interface BackendFacts {
  /** Several processes share the channels, so counting and watching cost round trips. */
  readonly crossProcess: boolean
  /** Stored messages survive this process. */
  readonly durable: boolean
  /** Longest body in UTF-8 bytes; core refuses longer ones before the call (B9). */
  readonly maxMessageBytes: number
}

/**
 * A storage backend: agrees on an order per channel, keeps a bounded tail, wakes other processes,
 * holds leases. Arguments are validated by core and total.
 *
 * **B9** bodies and metadata are opaque text; a backend parses none of it.
 * **B10** after `close` was called no callback MUST run and every call rejects with `layer-closed`;
 * closing twice is fine.
 */
export interface ChannelBackend
  extends MessageLog,
    TransactionalLog,
    PresenceStore,
    GroupStore,
    InterestStore {
  readonly facts: BackendFacts
  /** Called once, before anything else. Rejects with a clear error where the set-up is wrong. */
  open(context: BackendContext): Promise<void>
  /** Releases holds and interest of this process, then everything else. */
  close(): Promise<void>
  /** Numbers for `layer.stats().backend`. */
  stats(): Readonly<Record<string, number | string>>
}
