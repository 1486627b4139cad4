// The state of one channel in this process: its gate, its subscribers, who listens to its presence.
// It exists while somebody uses the channel; what must outlive that is the backend's.

import type { Message, Position } from '../model/message.js'
import { ChanError } from '../model/message.js'
import type { GapCause } from '../ports/backend.js'
import type { Page } from '../ports/log.js'
import type { PresenceChange } from '../ports/presence.js'
import type { ErrorContext } from './context.js'
import type { DeliveryQueue, Receiver } from './delivery-queue.js'
import { Feed, type FeedHost } from './feed.js'
import {
  type ResetEvent,
  Subscriber,
  type SubscriberHome,
  type SubscriberInit,
} from './subscriber.js'
import { SubscriberSet } from './subscriber-set.js'
import { Watch, type Watched } from './watch.js'

/** Listens to what happens to a channel's members. */
export interface PresenceListener {
  changed(change: PresenceChange): void
  /** Changes may be missing. */
  gap(): void
}

/** What a room needs from its hub. */
export interface RoomHost {
  readonly clock: Watched['clock']
  readonly queue: DeliveryQueue
  readonly lingerMs: number
  read(channel: string, after: Position, limit: number): Promise<Page>
  watch(channel: string): Promise<Position>
  unwatch(channel: string): Promise<void>
  report(error: unknown, context: ErrorContext): void
  subscribersChanged(room: Room): void
  wasReset(): void
  idle(room: Room): void
}

/** @internal */
export class Room implements Receiver, SubscriberHome {
  readonly name: string
  readonly watch: Watch
  readonly subscribers = new SubscriberSet()
  readonly presenceListeners = new Set<PresenceListener>()
  readonly #host: RoomHost
  readonly #feedHost: FeedHost
  #feed: Feed
  /** The highest message of this process that the backend confirmed as stored. */
  #committed: Message | undefined
  #settled: (() => void) | undefined

  constructor(name: string, host: RoomHost) {
    this.name = name
    this.#host = host
    this.#feedHost = this.#makeFeedHost()
    this.#feed = new Feed(this.#feedHost)
    this.watch = new Watch({
      clock: host.clock,
      lingerMs: host.lingerMs,
      prepare: () => this.#newFeed(),
      watch: () => host.watch(name),
      start: (position) => this.#feed.start(position),
      unwatch: () => {
        this.#feed.close()
        this.#settled?.()
        return host.unwatch(name)
      },
      idle: () => host.idle(this),
      report: (error) => this.#report(error, 'unwatch'),
    })
  }

  /** The position that every subscriber has reached. */
  get position(): Position {
    return this.#feed.position
  }

  /** The position that this subscriber has reached. */
  positionOf(subscriber: Subscriber): Position {
    if (subscriber.ownPosition) return subscriber.ownPosition
    const { epoch, offset } = this.subscribers.owed(subscriber) ?? {}
    if (epoch === undefined || offset === undefined) return this.position
    return { epoch, offset: offset - 1 }
  }

  /** A message from the backend, out of the delivery queue. */
  receive(message: Message): void {
    this.#feed.accept(message)
  }

  /** Adds a subscriber at the present position. The channel must be watched. */
  attach(init: SubscriberInit): Subscriber {
    const subscriber = new Subscriber(init, this)
    this.subscribers.add(subscriber)
    this.#host.subscribersChanged(this)
    return subscriber
  }

  /** Brings a subscriber from `since` to the present; see `Subscriber.recover`. */
  recover(subscriber: Subscriber, since: Position): Promise<void> {
    return subscriber.recover(since, this.#feedHost)
  }

  subscriberFailed(error: unknown, operation: string): void {
    this.#report(error, operation)
  }

  lost({ missed }: ResetEvent): Error {
    return historyReset(this.name, missed)
  }

  detach(subscriber: Subscriber): void {
    subscriber.end()
    if (this.subscribers.delete(subscriber)) this.#host.subscribersChanged(this)
  }

  /** Messages may be missing, and member changes, unless a message was only referred to. */
  gap(cause?: GapCause): void {
    this.#feed.gap()
    if (cause === 'reference') return
    for (const listener of this.presenceListeners) listener.gap()
  }

  presence(change: PresenceChange): void {
    for (const listener of this.presenceListeners) listener.changed(change)
  }

  /** This process stored a message; it may be on its way back yet. */
  committed(message: Message): void {
    if (message.offset === undefined) return
    // Answers may come in another order than the messages have.
    const { epoch, offset = 0 } = this.#committed ?? {}
    if (message.epoch !== epoch || message.offset > offset) this.#committed = message
  }

  /** Resolves when subscribers have heard of everything this process stored or has heard of. */
  settled(): Promise<void> {
    const committed = this.#committed
    // Not waited for: read. It may have been lost on its way, or be of an epoch that is over.
    if (committed && !this.#feed.passed(committed)) this.#feed.gap()
    return new Promise((resolve) => {
      this.#settled = resolve
      this.#checkSettled()
    })
  }

  /** Ends everything here; the layer is closing. */
  close(): void {
    this.#feed.close()
    this.watch.close()
    for (const subscriber of this.subscribers.toArray()) this.detach(subscriber)
    this.presenceListeners.clear()
    this.#settled?.()
  }

  #checkSettled(): void {
    if (!this.watch.confirmed || this.#feed.live) this.#settled?.()
  }

  #newFeed(): void {
    this.#feed.close()
    this.#feed = new Feed(this.#feedHost)
  }

  #makeFeedHost(): FeedHost {
    const { clock, queue } = this.#host
    return {
      clock,
      read: (after, limit) => this.#host.read(this.name, after, limit),
      deliver: (message) => this.subscribers.deliver(message),
      reset: (position, missed) => {
        this.#host.wasReset()
        for (const subscriber of this.subscribers.toArray()) {
          subscriber.channelReset({ position, missed })
        }
      },
      caughtUp: () => this.#settled && this.#checkSettled(),
      readFailed: (error) => this.#report(error, 'read'),
      run: (task) => queue.run(task),
    }
  }

  #report(error: unknown, operation: string): void {
    this.#host.report(error, { operation, channel: this.name })
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
