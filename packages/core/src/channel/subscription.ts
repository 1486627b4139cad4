// A subscription as its owner holds it, and the register that finds it again by number.

import type { Room } from '../hub/room.js'
import type { Recovered, Subscriber } from '../hub/subscriber.js'
import type { Position } from '../model/message.js'

/** What subscriptions do besides their subscribers when they end. */
export interface SubscriptionHome {
  readonly subscriptions: Subscriptions
  /** Releases what came with the subscription. */
  release(subscription: Subscription): Promise<void>
}

/** One callback on one channel, from `subscribe` until `unsubscribe`. */
export class Subscription {
  /** Unique within its layer. */
  readonly id: number
  readonly #room: Room
  readonly #subscriber: Subscriber
  readonly #home: SubscriptionHome
  readonly #ended: (() => void) | undefined
  #lastPosition: Position | undefined

  /** @internal @param ended told once, however the subscription ends */
  constructor(
    id: number,
    room: Room,
    subscriber: Subscriber,
    home: SubscriptionHome,
    ended: (() => void) | undefined,
  ) {
    this.id = id
    this.#room = room
    this.#subscriber = subscriber
    this.#home = home
    this.#ended = ended
  }

  /** Name of the channel. */
  get channel(): string {
    return this.#room.name
  }

  /** @internal Who subscribed. */
  get userId(): string | null {
    return this.#subscriber.userId
  }

  /** @internal Whether another subscription of the room is the user's. */
  hasTwin(): boolean {
    const { userId } = this
    return this.#room.subscribers.toArray().some((other) => other.userId === userId)
  }

  /** Whether callbacks may still start. */
  get active(): boolean {
    return this.#subscriber.active
  }

  /** Where it stands: pass it as `since` to go on from here later. */
  get position(): Position {
    return this.#lastPosition ?? this.#room.positionOf(this.#subscriber)
  }

  /** What `since` brought; `{ count: 0, truncated: false }` without it. */
  get recovered(): Recovered {
    return this.#subscriber.recovered
  }

  /**
   * Ends the subscription: no callback starts after this call. Resolves when the presence it
   * brought is released. Ending twice is fine.
   */
  async unsubscribe(): Promise<void> {
    if (!this.#stop()) return
    this.#room.watch.release()
    await this.#home.release(this)
  }

  /** @internal The layer closes, and everything it holds with it. */
  endWithLayer(): void {
    this.#stop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.unsubscribe()
  }

  #stop(): boolean {
    if (this.#lastPosition) return false
    this.#lastPosition = this.position
    this.#room.detach(this.#subscriber)
    this.#ended?.()
    this.#home.subscriptions.delete(this.id)
    return true
  }
}

/** @internal The living subscriptions of a layer. */
export class Subscriptions {
  readonly #byId = new Map<number, Subscription>()
  #lastId = 0

  newId(): number {
    return ++this.#lastId
  }

  add(subscription: Subscription): void {
    this.#byId.set(subscription.id, subscription)
  }

  delete(id: number): void {
    this.#byId.delete(id)
  }

  find(id: number): Subscription | undefined {
    return this.#byId.get(id)
  }

  /** Ends all of them; the layer closes. */
  close(): void {
    for (const subscription of [...this.#byId.values()]) subscription.endWithLayer()
  }
}
