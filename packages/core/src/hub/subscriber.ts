// One callback on one channel: filter, isolation of failures, and catching up from a position.

import { callSafely, isThenable, passes } from '../model/call.js'
import type { Message, Position } from '../model/message.js'
import { Feed, type FeedHost } from './feed.js'

/** Told when continuity was lost: delivery goes on after `position`. */
export interface ResetEvent {
  readonly position: Position
  /** How many messages are known to be lost; `null` if that cannot be known. */
  readonly missed: number | null
}

/** What a subscription recovered when it began. */
export interface Recovered {
  /** Messages from after `since` until the subscription went live, whatever its filter said. */
  readonly count: number
  /** The log did not reach back to `since`; delivery began at the top. */
  readonly truncated: boolean
}

/** What a subscriber is made of. */
export interface SubscriberInit {
  readonly callback: (message: Message) => unknown
  /** `this` of callback and onReset: many may share functions then. */
  readonly target?: object | undefined
  readonly filter: ((message: Message) => unknown) | undefined
  readonly onReset: ((event: ResetEvent) => void) | undefined
  readonly userId: string | null
}

/** Where a subscriber belongs. */
export interface SubscriberHome {
  /** Hears of failing callbacks and filters, and of resets nobody handles. */
  subscriberFailed(error: unknown, operation: string): void
  /** What a reset that nobody handles is reported as. */
  lost(event: ResetEvent): Error
}

const NOTHING_RECOVERED: Recovered = Object.freeze({ count: 0, truncated: false })

/** @internal */
export class Subscriber {
  readonly userId: string | null
  /** Place in its channel's dense array; -1 outside. */
  slot = -1
  active = true
  recovered: Recovered = NOTHING_RECOVERED
  readonly #callback: (message: Message) => unknown
  readonly #target: object | undefined
  readonly #filter: ((message: Message) => unknown) | undefined
  readonly #onReset: ((event: ResetEvent) => void) | undefined
  readonly #home: SubscriberHome
  #catchUp: Feed | undefined
  #recoveryEnded: (() => void) | undefined

  constructor(init: SubscriberInit, home: SubscriberHome) {
    this.#callback = init.callback
    this.#target = init.target
    this.#filter = init.filter
    this.#onReset = init.onReset
    this.#home = home
    this.userId = init.userId
  }

  /** The position of the last delivered message, where it differs from the channel's. */
  get ownPosition(): Position | undefined {
    return this.#catchUp?.position
  }

  /** The next message of the channel. */
  accept(message: Message): void {
    const catchUp = this.#catchUp
    if (catchUp === undefined) return this.#invoke(message)
    catchUp.accept(message)
    // A message without a place says nothing about how far this one has come.
    if (message.offset !== undefined && catchUp.live && !ahead(catchUp, message)) {
      this.#catchUp = undefined
    }
  }

  /** Delivers what the log holds after `since`, then joins the channel. Resolves then, or at `end`. */
  recover(since: Position, host: Omit<FeedHost, 'deliver' | 'reset' | 'caughtUp'>): Promise<void> {
    return new Promise((resolve) => {
      this.#recoveryEnded = resolve
      let count = 0
      let truncated = false
      let recovering = true
      const feed = new Feed({
        clock: host.clock,
        read: host.read,
        readFailed: host.readFailed,
        run: host.run,
        deliver: (message) => {
          if (recovering && message.offset !== undefined) count++
          this.#invoke(message)
        },
        reset: (position, missed) => {
          if (recovering) truncated = true
          // Without a handler, `recovered` tells whoever subscribes.
          if (!recovering || this.#onReset) this.reset({ position, missed })
        },
        caughtUp: () => {
          if (!recovering) return
          recovering = false
          this.recovered = { count, truncated }
          resolve()
        },
      })
      this.#catchUp = feed
      feed.startByReading(since)
    })
  }

  /** The channel lost continuity. A subscriber that still reads finds out by itself. */
  channelReset(event: ResetEvent): void {
    if (this.#catchUp && !this.#catchUp.live) return
    this.#catchUp?.close()
    this.#catchUp = undefined
    this.reset(event)
  }

  reset(event: ResetEvent): void {
    if (!this.active) return
    const onReset = this.#onReset
    if (!onReset) return this.#report(this.#home.lost(event), 'delivery')
    callSafely(
      () => onReset.call(this.#target, event),
      (error) => this.#report(error, 'onReset'),
    )
  }

  /** No callback starts after this. */
  end(): void {
    this.active = false
    this.#catchUp?.close()
    this.#recoveryEnded?.()
  }

  #invoke(message: Message): void {
    if (!this.active) return
    if (this.#filter !== undefined && !this.#passes(message)) return
    try {
      const result = this.#callback.call(this.#target, message)
      if (result !== undefined) this.#watch(result)
    } catch (error) {
      this.#report(error, 'callback')
    }
  }

  #passes(message: Message): boolean {
    const filter = this.#filter as (message: Message) => unknown
    const passed = passes(filter, message, (error) => this.#report(error, 'filter'))
    // A filter may end its own subscription.
    return passed && this.active
  }

  #report(error: unknown, operation: string): void {
    this.#home.subscriberFailed(error, operation)
  }

  /** An async callback is not waited for, but heard when it fails. */
  #watch(result: unknown): void {
    if (isThenable(result)) {
      result.then(undefined, (error) => this.#report(error, 'callback'))
    }
  }
}

function ahead(feed: Feed, message: Message): boolean {
  const { epoch, offset } = feed.position
  return epoch === message.epoch && offset > (message.offset as number)
}
