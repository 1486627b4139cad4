// A channel as users hold it: a stateless handle on the state that the hub and the backend keep.

import type { LayerContext } from '../hub/context.js'
import { historyReset } from '../hub/room.js'
import type { ResetEvent } from '../hub/subscriber.js'
import { abortable } from '../model/abortable.js'
import type { HistoryQuery } from '../model/history.js'
import {
  encodePayload,
  isPosition,
  type Message,
  type Metadata,
  validateIdentifier,
} from '../model/message.js'
import { refuse } from '../model/option-check.js'
import type { Policy } from '../model/policy.js'
import { type SlowConsumer, safeKey } from '../model/slow-consumer.js'
import type { LeaveReason } from '../ports/presence.js'
import type { Transaction } from '../ports/transactions.js'
import type { PresenceEvent, PresenceRecord } from '../presence/record.js'
import { authorize } from './authorize.js'
import { Group } from './group.js'
import { MessageStream, type MessagesOptions } from './message-stream.js'
import type { LayerParts } from './parts.js'
import { encodeEntry, type PublishOptions, readStamp } from './publish.js'
import { attach, checkSubscribe, type SubscribeOptions } from './subscribe.js'
import type { Subscription } from './subscription.js'

/** A presence listener, until it is ended. */
export interface PresenceSubscription {
  /** No event is told after this call. Ending twice is fine. */
  unsubscribe(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** @internal Gets a channel's messages as an object, so that it needs no functions of its own. */
export interface MessageReceiver {
  deliver(message: Message): void
  /** Continuity was lost. */
  reset(): void
}

/** @internal What the sockets of this package need of a channel. */
export interface ChannelInner {
  readonly context: LayerContext
  /** @throws {PermissionError} if the user may not subscribe */
  authorize(userId: string | null): Promise<void>
  /** Subscribes without asking the authFn. */
  attach(receiver: MessageReceiver, userId: string | null): Promise<Subscription>
  /**
   * The same channel, with `join` and `leave` about one hold only. `joined` is told of every user
   * that it joins, before the hold is put, so that whoever bound it can release them all.
   */
  bind(hold: string, joined?: (userId: string) => void): Channel
  /** A group of the same layer. */
  group(name: string): Group
  /** What the channel does to sockets that are too slow, as of now. */
  slowConsumer(): SlowConsumer
  hold(userId: string, hold: string, metadata: unknown): Promise<{ readonly first: boolean }>
  release(userId: string, hold: string, reason: LeaveReason): Promise<{ readonly last: boolean }>
}

interface Binding {
  readonly hold: string
  readonly joined: ((userId: string) => void) | undefined
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
  #inner: ChannelInner | undefined
  #slow: (SlowConsumer & Pick<Policy, 'conflateKey'>) | undefined

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
    const given = (options ?? {}) as SubscribeOptions
    this.#parts.hub.lifecycle.assertUsable()
    checkSubscribe(callback, given)
    given.signal?.throwIfAborted()
    await this.#authorize(given)
    return this.#attach(callback as (message: Message) => unknown, given)
  }

  /** Messages as an async iterator; subscribes at the call. Leaving the loop unsubscribes. */
  messages(options?: MessagesOptions<T> | null): MessageStream<T> {
    const { hub } = this.#parts
    const { since, filterFn, userId } = options ?? {}
    // A loop does not see what `subscribe` would answer.
    const onReset =
      options?.onReset ??
      (({ missed }: ResetEvent) =>
        hub.report(historyReset(this.name, missed), { operation: 'delivery', channel: this.name }))
    return new MessageStream(options ?? {}, async (push, ended, signal) => {
      const subscribing = { signal, since, filterFn, userId, onReset } as SubscribeOptions
      hub.lifecycle.assertUsable()
      checkSubscribe(push, subscribing)
      signal.throwIfAborted()
      await this.#authorize(subscribing)
      return this.#attach(push, subscribing, ended)
    })
  }

  /** Ends a subscription of this channel. An unknown id is a no-op. */
  async unsubscribe(subscription: Subscription | number): Promise<void> {
    const id = typeof subscription === 'number' ? subscription : subscription?.id
    const found = this.#parts.subscriptions.find(id)
    if (found?.channel === this.name) await found.unsubscribe()
  }

  /**
   * Publishes the data as JSON has it. Publishes of one process to one channel keep the order of the
   * calls. Resolves to the stored message; with `tx`, when the message is part of the transaction.
   * @throws {ChanError} `invalid-payload`, `payload-too-large`, `schema-rejected`, `invalid-option`
   * before anything is delivered; `unavailable`, not stored; `outcome-unknown`, publish again with
   * the same `id`
   */
  publish(data: T, options?: PublishOptions | null): Promise<Message<T>> {
    const tx = options?.tx
    // Not async, for every publish passes here: what is thrown becomes the rejection by hand.
    try {
      const publishing =
        tx === undefined ? this.#publish(data, options) : this.#publishIn(tx, data, options)
      return publishing as Promise<Message<T>>
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Subscribers in the cluster; changes elsewhere may be up to 2 s late. */
  async subscriberCount(): Promise<number> {
    await this.#connected()
    return this.#parts.hub.interest.total(this.name)
  }

  /** Subscribers in this process, exactly. */
  get localSubscriberCount(): number {
    return this.#parts.hub.localSubscribers(this.name)
  }

  /** Makes the user present, or replaces its metadata; `joinedAt` stays while it is present. */
  async join(userId: string, metadata?: P): Promise<PresenceRecord<P>> {
    this.#binding?.joined?.(userId)
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
    const { limit, since, before } = query ?? {}
    const isLimit = limit === undefined || (Number.isSafeInteger(limit) && limit >= 0)
    refuse(!isLimit, 'limit', 'a whole number from 0')
    refuse(since !== undefined && !isPosition(since), 'since', 'a position { epoch, offset }')
    refuse(before !== undefined && !isPosition(before), 'before', 'a position { epoch, offset }')
    await this.#connected()
    const { limits } = this.#rules()
    const messages = await this.#parts.hub.backend.history(this.name, query ?? {}, limits)
    return [...messages] as Message<T>[]
  }

  /** Hides everything published so far from `history()`; delivery and recovery go on. */
  async clearHistory(): Promise<void> {
    await this.#connected()
    await this.#parts.hub.backend.clear(this.name)
  }

  /** @internal */
  get inner(): ChannelInner {
    this.#inner ??= this.#makeInner()
    return this.#inner
  }

  #makeInner(): ChannelInner {
    const { hub, presence } = this.#parts
    return {
      context: hub,
      authorize: (userId) => authorize(hub, this.name, this.#rules().authFn, userId),
      attach: (receiver, userId) => this.#attachReceiver(receiver, userId),
      bind: (hold, joined) => new Channel(this.name, this.#parts, { hold, joined }),
      group: (name) => new Group(validateIdentifier('group', name), this.#parts),
      slowConsumer: () => this.#slowConsumer(),
      hold: (userId, hold, metadata) =>
        presence.join(this.name, userId, hold, metadata, this.#rules()),
      release: (userId, hold, reason) => presence.leave(this.name, userId, hold, reason),
    }
  }

  #publish(data: T, options: PublishOptions | null | undefined): Promise<Message> {
    const { hub } = this.#parts
    hub.lifecycle.assertUsable()
    const policy = this.#rules()
    const stamp = readStamp(options, policy.ephemeral)
    const body = encodePayload(data)
    const entry = encodeEntry(this.#parts, this.name, body, stamp, policy)
    return hub.publisher.publish(this.name, policy.limits, entry)
  }

  // Not async: the promise that the caller gets is the one that the transaction looks after.
  #publishIn(
    tx: Transaction,
    data: T,
    options: PublishOptions | null | undefined,
  ): Promise<Message> {
    return this.#parts.hub.transactions.publish(tx, () => {
      const policy = this.#rules()
      const stamp = readStamp(options, policy.ephemeral)
      const entry = encodeEntry(this.#parts, this.name, encodePayload(data), stamp, policy)
      return { channel: this.name, limits: policy.limits, entry }
    })
  }

  #slowConsumer(): SlowConsumer {
    const { slowConsumer: policy, conflateKey } = this.#rules()
    // One for all of its sockets, so that they share frames.
    if (this.#slow?.policy === policy && this.#slow.conflateKey === conflateKey) return this.#slow
    const { hub } = this.#parts
    this.#slow = {
      policy,
      conflateKey,
      counts: hub.slowConsumers,
      keyOf: safeKey(conflateKey, (error) =>
        hub.report(error, { operation: 'conflateKey', channel: this.name }),
      ),
    }
    return this.#slow
  }

  async #authorize({ userId, signal }: SubscribeOptions): Promise<void> {
    const { authFn } = this.#rules()
    if (!authFn) return
    const { hub } = this.#parts
    const asked = authorize(hub, this.name, authFn, userId ?? null)
    await abortable(signal, hub.waits.track(asked))
  }

  async #attach(
    callback: (message: Message) => unknown,
    options: SubscribeOptions,
    ended?: () => void,
  ): Promise<Subscription> {
    await this.#connected()
    const policy = this.#rules()
    const attachment = { channel: this.name, policy, callback, options }
    return attach(this.#parts, ended ? { ...attachment, ended } : attachment)
  }

  async #attachReceiver(receiver: MessageReceiver, userId: string | null): Promise<Subscription> {
    await this.#connected()
    return attach(this.#parts, {
      channel: this.name,
      policy: this.#rules(),
      callback: receiver.deliver,
      target: receiver,
      options: { userId, onReset: receiver.reset },
    })
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
}
