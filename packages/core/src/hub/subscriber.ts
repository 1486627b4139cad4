// One callback on one channel: filter, isolation of failures, and the way to the channel's present.

import { callSafely, isThenable, passes } from '../model/call.js'
import { ChanError, type Message, type Position } from '../model/message.js'
import type { ResetEvent } from '../model/reset-event.js'
import type { HistoryPage } from '../ports/log.js'
import type { FeedSource } from './feed.js'
import type { Reading } from './reads.js'
import { type Pace, type Recovered, Recovery } from './recovery.js'

/** What a subscriber does with what it gets; many may share one of these. Functions get `reader` as `this`. */
export interface SubscriberKind {
  readonly callback: (message: Message) => unknown
  /** Gets what is read instead. */
  readonly readCallback?: ((message: Message) => unknown) | undefined
  readonly filter?: ((message: Message) => unknown) | undefined
  readonly onReset?: ((event: ResetEvent) => void) | undefined
}

/** For whom that is. */
export interface SubscriberTarget {
  readonly userId: string | null
  /** Whoever has a pace of its own: what is read comes as fast as it takes it. */
  readonly reader?: Pace | undefined
}

const NOTHING_RECOVERED: Recovered = Object.freeze({ count: 0, truncated: false })

/** @internal */
export class Subscriber {
  readonly userId: string | null
  /** Place in its channel's dense array; -1 outside. */
  slot = -1
  active = true
  readonly #kind: SubscriberKind
  readonly #reader: Pace | undefined
  readonly #source: FeedSource
  #recovery: Recovery | undefined
  #recovered = NOTHING_RECOVERED

  constructor(kind: SubscriberKind, target: SubscriberTarget, source: FeedSource) {
    this.#kind = kind
    this.userId = target.userId
    this.#reader = target.reader
    this.#source = source
  }

  /** The position of the last delivered message, where it differs from the channel's. */
  get ownPosition(): Position | undefined {
    return this.#recovery?.position
  }

  /** It gets the channel's messages as they come. */
  get live(): boolean {
    return this.#recovery === undefined || this.#recovery.live
  }

  /** What it recovered so far. */
  get recovered(): Recovered {
    return this.#recovery?.recovered ?? this.#recovered
  }

  /** The next message of the channel. */
  accept(message: Message): void {
    const recovery = this.#recovery
    if (recovery === undefined) return this.#invoke(message)
    recovery.accept(message)
    // Taking the message may have rewound it: then another one is under way.
    if (recovery !== this.#recovery) return
    if (recovery.isBeside(message)) this.#recovered = this.#endRecovery(recovery)
  }

  /** Delivers what the log holds after `since`, then joins the channel; see `Recovery.since`. */
  recover(since: Position): Promise<void> {
    return this.#begin().since(since)
  }

  /** Delivers what history shows up to `seam`, then joins the channel; see `Recovery.history`. */
  replay(seam: Position, read: () => Reading<HistoryPage>): Promise<void> {
    return this.#begin().history(seam, read)
  }

  /** Delivers everything after `position` again, at the reader's pace, and joins the channel anew. */
  rewind(position: Position): void {
    const before = this.#recovery
    this.#begin().resume(position, before)
  }

  /** The channel lost continuity. A subscriber that still reads finds out by itself. */
  channelReset(event: ResetEvent): void {
    if (this.#recovery && !this.#recovery.live) return
    if (this.#recovery) this.#recovered = this.#endRecovery(this.#recovery)
    this.#reset(event)
  }

  /** No callback starts after this. */
  end(): void {
    this.active = false
    this.#recovery?.close()
  }

  #begin(): Recovery {
    const recovery = new Recovery(this.#source, this.#reader, {
      handlesResets: this.#kind.onReset !== undefined,
      deliver: (message) => this.#invoke(message, this.#kind.readCallback),
      reset: (event) => this.#reset(event),
      // Nothing is on its way to the others now, so where they are it needs no gate of its own.
      caughtUp: () => this.#recovery === recovery && this.#joinAt(recovery, this.#source.position),
    })
    this.#recovery = recovery
    return recovery
  }

  #joinAt(recovery: Recovery, { epoch, offset }: Position): void {
    const own = recovery.position
    if (own.epoch === epoch && own.offset === offset) this.#recovered = this.#endRecovery(recovery)
  }

  #endRecovery(recovery: Recovery): Recovered {
    recovery.close()
    this.#recovery = undefined
    return recovery.recovered
  }

  #reset(event: ResetEvent): void {
    if (!this.active) return
    const { onReset } = this.#kind
    if (!onReset) return this.#failed(historyReset(this.#source.name, event.missed), 'delivery')
    callSafely(
      () => onReset.call(this.#reader, event),
      (error) => this.#failed(error, 'onReset'),
    )
  }

  #invoke(message: Message, callback = this.#kind.callback): void {
    if (!this.active) return
    const { filter } = this.#kind
    if (filter !== undefined && !this.#passes(filter, message)) return
    try {
      const result = callback.call(this.#reader, message)
      if (result !== undefined) this.#watch(result)
    } catch (error) {
      this.#failed(error, 'callback')
    }
  }

  #passes(filter: (message: Message) => unknown, message: Message): boolean {
    const passed = passes(filter, message, (error) => this.#failed(error, 'filter'))
    // A filter may end its own subscription.
    return passed && this.active
  }

  #failed(error: unknown, operation: string): void {
    this.#source.failed(error, operation)
  }

  /** An async callback is not waited for, but heard when it fails. */
  #watch(result: unknown): void {
    if (isThenable(result)) {
      result.then(undefined, (error) => this.#failed(error, 'callback'))
    }
  }
}

/** Continuity was lost and nobody handles it. */
export function historyReset(channel: string, missed: number | null): ChanError {
  const lost = missed === null ? 'an unknown number of messages' : `${missed} messages`
  return new ChanError(
    'history-reset',
    `Continuity of channel '${channel}' was lost: ${lost} could not be delivered.`,
    'Pass onReset to subscribe to handle this, for instance by loading the state afresh.',
  )
}
