// The state of one channel in this process: its gate, its subscribers, who listens to its presence.
// It exists while somebody uses the channel; what must outlive that is the backend's.

import type { Clock } from '../model/clock.js'
import type { HistoryLimits } from '../model/history.js'
import { Latch } from '../model/latch.js'
import { type Message, type Position, START } from '../model/message.js'
import type { ResetEvent } from '../model/reset-event.js'
import type { ChannelBackend, GapCause } from '../ports/backend.js'
import type { Page, PageLimit } from '../ports/log.js'
import type { PresenceChange } from '../ports/presence.js'
import type { ErrorListener } from './context.js'
import type { DeliveryQueue, Receiver } from './delivery-queue.js'
import { Feed, type FeedSource } from './feed.js'
import type { InterestReporter } from './interest.js'
import type { Reading, Reads } from './reads.js'
import { Subscriber, type SubscriberKind, type SubscriberTarget } from './subscriber.js'
import { SubscriberSet } from './subscriber-set.js'
import { Watch } from './watch.js'

/** Listens to what happens to a channel's members. */
export interface PresenceListener {
  changed(change: PresenceChange): void
  /** Changes may be missing. */
  gap(): void
}

/** What all rooms of a layer use. */
export interface RoomParts {
  readonly backend: ChannelBackend
  readonly clock: Clock
  readonly queue: DeliveryQueue
  readonly reads: Reads
  readonly interest: InterestReporter
  readonly report: ErrorListener
  /** Aborts when the layer begins to close. */
  readonly closing: AbortSignal
  /** How long a room without users stays watched, in milliseconds. */
  readonly lingerMs: number
  /** Resets of channels since the layer was made. */
  resets: number
}

/** @internal To its subscribers it is where they read. */
export class Room implements Receiver, FeedSource {
  readonly name: string
  readonly watch: Watch
  readonly subscribers = new SubscriberSet()
  readonly presenceListeners = new Set<PresenceListener>()
  readonly #parts: RoomParts
  #feed: Feed
  /** The highest message of this process that the backend confirmed as stored. */
  #committed: Message | undefined
  readonly #caughtUp = new Latch()

  /** @param idle told when nobody uses the room any more */
  constructor(name: string, parts: RoomParts, idle: (room: Room) => void) {
    this.name = name
    this.#parts = parts
    this.#feed = this.#newFeed()
    this.watch = new Watch({
      clock: parts.clock,
      lingerMs: parts.lingerMs,
      prepare: () => {
        this.#feed.close()
        this.#feed = this.#newFeed()
      },
      watch: () => parts.backend.watch(name),
      start: (position) => this.#feed.start(position),
      unwatch: () => {
        this.#feed.close()
        this.#caughtUp.open()
        return parts.backend.unwatch(name)
      },
      idle: () => idle(this),
      report: (error) => this.failed(error, 'unwatch'),
    })
  }

  get clock(): Clock {
    return this.#parts.clock
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
  attach(kind: SubscriberKind, target: SubscriberTarget): Subscriber {
    const subscriber = new Subscriber(kind, target, this)
    this.subscribers.add(subscriber)
    this.#subscribersChanged()
    return subscriber
  }

  /** Delivers the most recent messages of history to a subscriber that was just attached. */
  replay(subscriber: Subscriber, count: number, limits: HistoryLimits, limit: PageLimit) {
    const seam = this.position
    if (count === 0 || seam.offset === 0) return undefined
    const before = { epoch: seam.epoch, offset: seam.offset + 1 }
    const query = Number.isFinite(count) ? { before, limit: count } : { before }
    return subscriber.replay(seam, () => this.#parts.reads.history(this.name, query, limits, limit))
  }

  detach(subscriber: Subscriber): void {
    subscriber.end()
    if (this.subscribers.delete(subscriber)) this.#subscribersChanged()
  }

  /** What follows a position; those who ask for the same at the same time are answered together. */
  read(after: Position, limit: PageLimit): Reading<Page> {
    return this.#parts.reads.shared(this.name, after, limit)
  }

  run(task: () => void): void {
    this.#parts.queue.run(task)
  }

  failed(error: unknown, operation: string): void {
    this.#parts.report(error, { operation, channel: this.name })
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
    if (!this.watch.confirmed || this.#feed.live) return Promise.resolve()
    return this.#caughtUp.wait()
  }

  /** Ends everything here; the layer is closing. */
  close(): void {
    this.#feed.close()
    this.watch.close()
    for (const subscriber of this.subscribers.toArray()) this.detach(subscriber)
    this.presenceListeners.clear()
    this.#caughtUp.open()
  }

  #newFeed(): Feed {
    const { reads } = this.#parts
    const source: FeedSource = {
      name: this.name,
      clock: this.clock,
      position: START,
      // Its own: what it waits for may have come after somebody else's read began.
      read: (after, limit) => reads.fresh(this.name, after, limit),
      run: (task) => this.run(task),
      failed: (error, operation) => this.failed(error, operation),
    }
    return new Feed(source, {
      deliver: (message) => this.subscribers.deliver(message),
      reset: (event) => this.#reset(event),
      caughtUp: () => this.#caughtUp.open(),
    })
  }

  #reset(event: ResetEvent): void {
    this.#parts.resets++
    for (const subscriber of this.subscribers.toArray()) subscriber.channelReset(event)
  }

  #subscribersChanged(): void {
    const { closing, interest } = this.#parts
    // After closing began, the backend drops this process's interest as a whole.
    if (!closing.aborted) interest.changed(this.name, this.subscribers.size)
  }
}
