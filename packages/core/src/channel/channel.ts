// A channel as users hold it: a stateless handle on the state that the hub and the backend keep.

import { historyReset } from '../hub/subscriber.js'
import { type HistoryQuery, readQuery } from '../model/history.js'
import { type Message, type Metadata, validateIdentifier } from '../model/message.js'
import { refuse } from '../model/option-check.js'
import type { Policy } from '../model/policy.js'
import type { ResetEvent } from '../model/reset-event.js'
import type { ServedChannel } from '../ports/connections.js'
import type { PageLimit } from '../ports/log.js'
import type { PresenceEvent, PresenceRecord } from '../presence/record.js'
import { MessageStream, type MessagesOptions } from './message-stream.js'
import type { LayerParts } from './parts.js'
import { subscribe } from './permitted.js'
import { type PublishOptions, publish, publishIn } from './publish.js'
import { SERVED, ServedHandle } from './served-channel.js'
import type { SubscribeOptions } from './subscribe.js'
import { idOf, type Subscription } from './subscription.js'

/** A presence listener, until it is ended. */
export interface PresenceSubscription {
  /** No event is told after this call. Ending twice is fine. */
  unsubscribe(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** `history()` is asked for in one piece. */
const UNBOUNDED: PageLimit = { messages: Infinity, bytes: Infinity }

interface Binding {
  readonly hold: string
  readonly joined: (userId: string) => void
  /** Of the channel that was bound: to those who serve clients both are the same. */
  readonly served: ServedChannel<Channel>
}

/**
 * A named channel. `T` is the type of its messages' data, `P` of its presence metadata. Every method
 * that returns a promise rejects with a `ChanError`; after `disconnect` with `layer-closed`.
 */
export class Channel<T = unknown, P = Metadata> {
  /** 1–255 bytes, without control characters. */
  readonly name: string
  readonly #parts: LayerParts
  readonly #binding: Binding | undefined
  #policy: Policy | undefined
  #policyVersion = -1
  #served: ServedChannel<Channel> | undefined

  /** @internal */
  constructor(name: string, parts: LayerParts, binding?: Binding) {
    this.name = name
    this.#parts = parts
    this.#binding = binding
  }

  /**
   * Calls back for every message from here on, in order. Resolves when delivery is guaranteed.
   * @throws {PermissionError} if the channel's `authFn` does not answer `true`
   * @throws {ChanError} `invalid-option`, `unavailable`
   */
  async subscribe(
    callback: (message: Message<T>) => unknown,
    options?: SubscribeOptions<T> | null,
  ): Promise<Subscription> {
    return subscribe(this.#parts, this.name, () => this.#rules(), {
      callback: callback as (message: Message) => unknown,
      options: (options ?? {}) as SubscribeOptions,
    })
  }

  /** Messages as an async iterator; subscribes at the call. Leaving the loop unsubscribes. */
  messages(options?: MessagesOptions<T> | null): MessageStream<T> {
    const { since, filterFn, userId } = options ?? {}
    // A loop does not see what `subscribe` would answer.
    const onReset =
      options?.onReset ??
      (({ missed }: ResetEvent) => this.#report(historyReset(this.name, missed), 'delivery'))
    return new MessageStream(options ?? {}, async ({ callback, signal, pace, ended }) => {
      const subscribing = { signal, since, filterFn, userId, onReset } as SubscribeOptions
      const asked = { callback, pace, ended, options: subscribing }
      return subscribe(this.#parts, this.name, () => this.#rules(), asked)
    })
  }

  /**
   * Ends a subscription of this channel. An unknown id is a no-op, and so is a subscription of another
   * channel or layer, whatever its id.
   * @throws {ChanError} `invalid-option` for what is neither
   */
  async unsubscribe(subscription: Subscription | number): Promise<void> {
    const found = this.#parts.subscriptions.find(idOf(subscription))
    // Ids begin anew in every layer.
    const isMeant = typeof subscription === 'number' || subscription === found
    if (isMeant && found?.channel === this.name) await found.unsubscribe()
  }

  /**
   * Publishes the data as JSON has it. Publishes of one process to one channel keep the order of the
   * calls. Resolves to the stored message; with `tx`, when the message is part of the transaction.
   * @throws {ChanError} `invalid-payload`, `payload-too-large`, `schema-rejected`, `invalid-option`
   * before anything is delivered; `unavailable`, not stored; `outcome-unknown`, publish again with
   * the same `id`
   */
  publish(data: T, options?: PublishOptions | null): Promise<Message<T>> {
    // Not async, for every publish passes here: what is thrown becomes the rejection by hand.
    try {
      const publishing =
        options?.tx === undefined
          ? publish(this.#parts, this.name, this.#rules(), data, options)
          : publishIn(options.tx, this.#parts, this.name, () => this.#rules(), data, options)
      return publishing as Promise<Message<T>>
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * Takes the user's permission on this channel back, in the whole cluster and within a second: bridged
   * sockets of that user close, forwards end, and so do the server's own subscriptions with that
   * `userId`, of which `onError` or the loop hears with a `PermissionError`. Permission that was asked
   * for before does not count. Whoever subscribes again is asked for again, so have the `authFn` answer
   * no first. Presence by `join` alone stays. Resolves when the order is stored.
   * @throws {ChanError} `invalid-option`; `unavailable`, `outcome-unknown`: ended in this process only, or in
   * those that were reached; revoke again
   */
  async revoke(userId: string): Promise<void> {
    const { lifecycle, sessions } = this.#parts.hub
    lifecycle.assertUsable()
    validateIdentifier('userId', userId)
    await sessions.order({ type: 'revoke', channel: this.name, userId })
  }

  /** Subscribers in the cluster; changes elsewhere may be up to 2 s late. */
  async subscriberCount(): Promise<number> {
    await this.#connected()
    return this.#parts.hub.interest.total(this.name)
  }

  /** Subscribers in this process, exactly. */
  get localSubscriberCount(): number {
    return this.#parts.hub.rooms.get(this.name)?.subscribers.size ?? 0
  }

  /** Makes the user present, or replaces its metadata; `joinedAt` stays while it is present. */
  async join(userId: string, metadata?: P): Promise<PresenceRecord<P>> {
    this.#binding?.joined(userId)
    const hold = this.#binding?.hold ?? null
    const { record } = await this.#parts.presence.join(
      this.name,
      userId,
      hold,
      metadata,
      this.#rules(),
    )
    return record as PresenceRecord<P>
  }

  /** Ends the user's presence, whoever holds it. An absent user is a no-op. */
  async leave(userId: string): Promise<void> {
    this.#parts.hub.lifecycle.assertUsable()
    await this.#parts.presence.leave(this.name, userId, this.#binding?.hold ?? null, 'left')
  }

  /** Who is present, in order of joining. */
  async presence(): Promise<PresenceRecord<P>[]> {
    return (await this.#parts.presence.list(this.name)) as PresenceRecord<P>[]
  }

  /** How many users are present. */
  async presenceCount(): Promise<number> {
    return (await this.#parts.presence.list(this.name)).length
  }

  /** Everybody leaves, with reason `cleared`. */
  async clearPresence(): Promise<void> {
    await this.#parts.presence.clear(this.name)
  }

  /** Tells `sync` with all members first and after each gap, then `join`, `update` and `leave`. */
  async onPresence(
    callback: (event: PresenceEvent<P>) => unknown,
    options?: { readonly signal?: AbortSignal | undefined } | null,
  ): Promise<PresenceSubscription> {
    const { signal } = options ?? {}
    refuse(typeof callback !== 'function', 'callback', 'a function')
    signal?.throwIfAborted()
    const listener = callback as (event: PresenceEvent) => unknown
    const stop = await this.#parts.presence.listen(this.name, listener, signal)
    const unsubscribe = async () => stop()
    return { unsubscribe, [Symbol.asyncDispose]: unsubscribe }
  }

  /**
   * The most recent messages, oldest first.
   * @throws {ChanError} `invalid-option` for a negative limit or a malformed position
   */
  async history(query?: HistoryQuery | null): Promise<Message<T>[]> {
    // As it is now: the layer may have to connect first.
    const asked = readQuery(query ?? {})
    await this.#connected()
    const { limits } = this.#rules()
    const { backend } = this.#parts.hub
    const { messages } = await backend.history(this.name, asked, limits, UNBOUNDED)
    return [...messages] as Message<T>[]
  }

  /** Hides everything published so far from `history()`; delivery and recovery go on. */
  async clearHistory(): Promise<void> {
    await this.#connected()
    await this.#parts.hub.backend.clear(this.name)
  }

  /** @internal */
  get [SERVED](): ServedChannel<Channel> {
    this.#served ??= this.#binding?.served ?? this.#serve()
    return this.#served
  }

  #serve(): ServedChannel<Channel> {
    const [name, parts] = [this.name, this.#parts]
    const served: ServedChannel<Channel> = new ServedHandle<Channel>({
      ...{ name, parts, handle: this as unknown as Channel },
      rules: () => this.#rules(),
      bind: (hold, joined) => new Channel(name, parts, { hold, joined, served }),
    })
    return served
  }

  async #connected(): Promise<void> {
    const { lifecycle } = this.#parts.hub
    lifecycle.assertUsable()
    const opening = lifecycle.ready()
    if (opening) await opening
  }

  #rules(): Policy {
    const { policies } = this.#parts
    if (this.#policy && this.#policyVersion === policies.version) return this.#policy
    this.#policyVersion = policies.version
    this.#policy = policies.of(this.name)
    return this.#policy
  }

  #report(error: unknown, operation: string): void {
    this.#parts.hub.report(error, { operation, channel: this.name })
  }
}
