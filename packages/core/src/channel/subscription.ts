// A subscription as its owner holds it, and the register that finds it again by number.

import type { Recovered } from '../hub/recovery.js'
import type { Room } from '../hub/room.js'
import type { Subscriber } from '../hub/subscriber.js'
import type { Position } from '../model/message.js'
import { refuse } from '../model/option-check.js'
import type { Presence } from '../presence/presence.js'

/** One callback on one channel, from `subscribe` until `unsubscribe`. */
export class Subscription {
  /** Unique within its layer. */
  readonly id: number
  readonly #room: Room
  readonly #subscriber: Subscriber
  readonly #register: Subscriptions
  readonly #ended: (() => void) | undefined
  /** The presence that it brought. */
  #hold: string | undefined
  #lastPosition: Position | undefined

  /** @internal @param ended told once, however the subscription ends */
  constructor(
    room: Room,
    subscriber: Subscriber,
    register: Subscriptions,
    ended: (() => void) | undefined,
  ) {
    this.id = register.newId()
    this.#room = room
    this.#subscriber = subscriber
    this.#register = register
    this.#ended = ended
    register.add(this)
  }

  /** Name of the channel. */
  get channel(): string {
    return this.#room.name
  }

  /** @internal Presence under this hold ends with the subscription. */
  bringsPresence(hold: string): void {
    this.#hold = hold
  }

  /** Whether callbacks may still start. */
  get active(): boolean {
    return this.#subscriber.active
  }

  /** Where it stands: pass it as `since` to go on from here later. */
  get position(): Position {
    return this.#lastPosition ?? this.#room.positionOf(this.#subscriber)
  }

  /** What `since` brought; `{ count: 0, truncated: false }` without it. Of `messages()`: so far. */
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
    const { userId } = this.#subscriber
    if (userId === null) return
    const { presence } = this.#register
    if (this.#hold !== undefined) await presence.leave(this.channel, userId, this.#hold, 'left')
    await presence.unsubscribed(this.#room, userId)
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
    this.#register.delete(this.id)
    return true
  }
}

/** @internal @throws {ChanError} `invalid-option` for what is no subscription and no number */
export function idOf(subscription: unknown): number {
  const { id, unsubscribe } = (subscription ?? {}) as Partial<Subscription>
  // By its looks: it may come from another copy of the package.
  const looksRight = typeof id === 'number' && typeof unsubscribe === 'function'
  const known = typeof subscription === 'number' ? subscription : looksRight ? id : undefined
  refuse(known === undefined, 'subscription', 'what subscribe resolved to, or its id')
  return known as number
}

/** @internal The living subscriptions of a layer. */
export class Subscriptions {
  readonly presence: Presence
  readonly #byId = new Map<number, Subscription>()
  #lastId = 0

  constructor(presence: Presence) {
    this.presence = presence
  }

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
