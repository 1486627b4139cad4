// Port: the ordered, bounded log of every channel, and how messages reach this process.

import type { HistoryLimits, HistoryQuery } from '../model/history.js'
import type { Message, Position } from '../model/message.js'

/** A message as core hands it to a backend: validated, encoded, stamped; without a place yet. */
export interface Entry {
  /** The JSON text of the data. Opaque: a backend stores and returns it unread (B9). */
  readonly body: string
  /** Length of `body` in UTF-8 bytes. */
  readonly bytes: number
  readonly sender: string | null
  /** Unix seconds, fractional. */
  readonly timestamp: number
  /** Idempotency id, or `null`. Never together with `ephemeral`. */
  readonly id: string | null
  /** Not stored, no offset, at most once (B6). */
  readonly ephemeral: boolean
}

/** What core needs of a promise; it calls `then` once. */
export interface Later<T> {
  then(resolved: (value: T) => void, rejected: (reason: unknown) => void): unknown
}

/** How much one page may hold. `Infinity` for no bound. */
export interface PageLimit {
  /** From 1. */
  readonly messages: number
  /**
   * Of bodies, counted roughly: UTF-16 units or UTF-8 bytes. A page ends with the message with which
   * they are reached, so that at least one message is in it if there is one. Need not be whole.
   */
  readonly bytes: number
}

/** An answer from the log. */
export interface Page {
  /**
   * In offset order, directly following the position asked for, as many as the limit allows. A
   * backend may have a lower bound of its own: below the top, it is the top that tells of more.
   */
  readonly messages: readonly Message[]
  /** The channel's top: position of its newest stored message, or `START`. */
  readonly top: Position
  /**
   * The position asked for cannot be continued from: other epoch, above the top, or older than what
   * is retained. `messages` is empty then.
   */
  readonly truncated: boolean
  /**
   * The highest offset that `clear` or an earlier, lower history limit has hidden from history for
   * good; 0 if none. Messages below it are in `messages` all the same: who asks on behalf of a
   * stranger cuts there, nobody else does.
   */
  readonly floor: number
}

/** What history shows, from its oldest message on. */
export interface HistoryPage {
  /** Oldest first, as many as the limit allows. Empty only if nothing is shown. */
  readonly messages: readonly Message[]
  /** Whether something is shown after the last of them. */
  readonly more: boolean
}

/** The ordered, bounded log of every channel. */
export interface MessageLog {
  /**
   * **B1** MUST be atomic: the entry has an offset, is retained and will be delivered, or nothing
   * happened and the answer is a rejection. A repeated `id` (remembered for the idempotency time,
   * independently of history) answers the message first stored under it and stores nothing.
   * **B2** offsets of a channel's stored messages MUST grow by one without holes within an epoch.
   * **B6** an ephemeral entry MUST take no offset and is delivered at most once.
   * **B11** MUST reject within the backend's deadline, with `unavailable` (not stored) or
   * `outcome-unknown`.
   *
   * Calls on one channel MUST take offsets in call order. `limits` are what the caller's options
   * say; see `limitsInForce`.
   *
   * Every publish passes here, so the answer need not be a promise: what is stored within the call
   * may be answered as it is, and a refusal thrown.
   */
  append(channel: string, entry: Entry, limits: HistoryLimits): Message | Later<Message>

  /**
   * Appends one entry to each of the channels, as one operation: all or none (B1). With an `id`,
   * channels that already have it keep their first message. Answers in the order of `channels`.
   */
  appendEach(
    channels: readonly string[],
    entry: Entry,
    limits: (channel: string) => HistoryLimits,
  ): Promise<readonly Message[]>

  /**
   * **B5** MUST answer messages directly after `after`, in order, within `limit`, with the current
   * top. Asking past retention is answered with `truncated`, never with an error or a hole.
   * `START` continues with offset 1 of whatever epoch there is. Every page MUST tell the floor, also
   * a truncated one, and none may be cut there: recovery reaches as far as the tail.
   */
  read(channel: string, after: Position, limit: PageLimit): Promise<Page>

  /**
   * **B5** what `history()` shows under the limits in force: exactly the most recent ones, oldest
   * first, never what a `clear` or an earlier, lower limit has hidden. The page MUST hold the oldest
   * of them, in order, as many as `limit` allows, and say whether there are `more`; what an age limit
   * hides never ends it.
   */
  history(
    channel: string,
    query: HistoryQuery,
    limits: HistoryLimits,
    limit: PageLimit,
  ): Promise<HistoryPage>

  /** Hides everything stored so far from `history()`. Keeps epoch, top and the recovery tail. */
  clear(channel: string): Promise<void>

  /**
   * **B4** after `watch` answered position P, every message after P MUST reach `sink.deliver`, or
   * `sink.gap` is called; deliveries may start before the promise settles (core holds them).
   * Core never watches a watched channel, and never overlaps `watch` and `unwatch` of one channel.
   */
  watch(channel: string): Promise<Position>

  /** Deliveries and presence changes of the channel may stop. */
  unwatch(channel: string): Promise<void>
}
