// A channel layer: everything a program shares with the other processes on the same backend.

import { type ErrorListener, logError } from '../hub/context.js'
import { Hub } from '../hub/hub.js'
import type { StatusEvent } from '../hub/lifecycle.js'
import { type Clock, systemClock } from '../model/clock.js'
import {
  type AcceptsOwnOutput,
  type AnyChannelDefinition,
  type ChannelRef,
  type InferOutput,
  type Metadata,
  type StandardSchemaV1,
  validateChannelName,
  validateIdentifier,
} from '../model/message.js'
import { refuse } from '../model/option-check.js'
import { type ChannelOptions, type DefinitionOptions, Policies } from '../model/policy.js'
import type { SlowConsumerCounts } from '../model/slow-consumer.js'
import type { ChannelBackend, ConnectionState, GapCause } from '../ports/backend.js'
import type { Transaction } from '../ports/transactions.js'
import { Presence } from '../presence/presence.js'
import { Channel } from './channel.js'
import { Group } from './group.js'
import type { LayerParts } from './parts.js'
import { nameOf, Registry } from './registry.js'
import { Subscriptions } from './subscription.js'

/** Options of every layer. */
export interface LayerOptions {
  /** `maxHistory` of channels that nobody gave another. Default 100; 0 shows no history. */
  readonly defaultHistorySize?: number | undefined
  /** Hears of errors that no caller waits for. Default: one `console.error` line each. */
  readonly onError?: ErrorListener | undefined
  /** Longest body of a server-side publish, in UTF-8 bytes. Default 1 MiB. */
  readonly maxMessageBytes?: number | undefined
  /** Where time comes from. Default: the system. */
  readonly clock?: Clock | undefined
}

/** Numbers of a layer, as of the call. */
export interface LayerStats {
  readonly state: ConnectionState
  /** Channels with subscribers or presence listeners in this process. */
  readonly activeChannels: number
  readonly subscribers: number
  /** Client sessions bridged to this process, and what is forwarded to them in a user's name. */
  readonly sessions: number
  /** Messages this process has published; those in transactions whether these commit or not. */
  readonly published: number
  /** Messages this process has received, its own included. */
  readonly received: number
  /** Deliveries that wait in this process. */
  readonly queued: number
  /** Times the backend could not vouch for continuity; each is healed or becomes a reset. */
  readonly gaps: number
  /** The same by cause. */
  readonly gapsBy: Readonly<Record<GapCause, number>>
  /** Times continuity of a channel was lost. */
  readonly resets: number
  /** Sockets that read too slowly, and what was left out for them. */
  readonly slowConsumers: Readonly<SlowConsumerCounts>
  /** The backend's own numbers. */
  readonly backend: Readonly<Record<string, number | string>>
}

const MAX_MESSAGE_BYTES = 1_048_576

/** Options and a schema: the channel's type comes from the schema. */
type WithSchema<S extends StandardSchemaV1> = ChannelOptions & {
  readonly schema: S & AcceptsOwnOutput<S>
}
type WithoutSchema = ChannelOptions & { readonly schema?: undefined }

/** Named channels over a backend. One layer per isolate. */
export class ChannelLayer {
  readonly #hub: Hub
  readonly #parts: LayerParts
  readonly #channels = new Registry<Channel>()
  readonly #groups = new Registry<Group>()

  /** @throws {ChanError} `invalid-option` */
  constructor(backend: ChannelBackend, options: LayerOptions = {}) {
    const { onError = logError, clock = systemClock, defaultHistorySize = 100 } = options
    const { maxMessageBytes = MAX_MESSAGE_BYTES } = options
    refuse(typeof onError !== 'function', 'onError', 'a function')
    const isSize = Number.isSafeInteger(maxMessageBytes) && maxMessageBytes > 0
    refuse(!isSize, 'maxMessageBytes', 'a positive whole number of bytes')
    this.#hub = new Hub(backend, clock, onError)
    const presence = new Presence(this.#hub)
    this.#parts = {
      hub: this.#hub,
      policies: new Policies(defaultHistorySize, (error) =>
        this.#hub.report(error, { operation: 'options' }),
      ),
      presence,
      subscriptions: new Subscriptions(presence),
      maxMessageBytes: Math.min(maxMessageBytes, backend.facts.maxMessageBytes),
    }
    this.#hub.onDraining(() => this.#parts.presence.settled())
    this.#hub.onDrained(() => {
      this.#parts.subscriptions.close()
      this.#parts.presence.close()
    })
  }

  /**
   * The channel of this name: the same object for the same name. Options named here last as long as
   * the layer; a later call that names one replaces it. For names that clients choose, use `define`.
   * @throws {ChanError} `invalid-channel-name`, `invalid-option`
   */
  channel<T, P>(ref: ChannelRef<T, P>, options?: WithoutSchema): Channel<T, P>
  channel<S extends StandardSchemaV1>(name: string, options: WithSchema<S>): Channel<InferOutput<S>>
  channel<T = unknown, P = Metadata>(name: string, options?: WithoutSchema): Channel<T, P>
  channel(target: string | ChannelRef<unknown, unknown>, options?: ChannelOptions): Channel {
    const name = validateChannelName(nameOf(target))
    if (options) this.#parts.policies.setByName(name, options)
    return this.#channels.get(name, () => new Channel(name, this.#parts))
  }

  /**
   * The group of this name: the same object for the same name.
   * @throws {ChanError} `invalid-option`
   */
  group(name: string): Group {
    validateIdentifier('group', name)
    return this.#groups.get(name, () => new Group(name, this.#parts))
  }

  /**
   * Says what holds for every channel whose name matches the pattern, or that comes from the
   * definition. The most specific pattern counts.
   * @throws {ChanError} `invalid-option`, also where an equal pattern was defined
   */
  define(target: string | AnyChannelDefinition, options: DefinitionOptions = {}): this {
    this.#parts.policies.define(target, options)
    return this
  }

  /**
   * Runs `fn` in a transaction of the backend: what it publishes with `{ tx }` is stored and delivered
   * when it returns, in its order, and dropped when it throws. Resolves to what `fn` returns once the
   * transaction has committed; in memory, once its messages are delivered. Publishes that `fn` does
   * not await belong to it as well. A publish that fails makes the transaction fail, even if `fn`
   * catches it, as a failed statement does in a database. A transaction begun inside another is one
   * of its own. `disconnect` waits for transactions, so `fn` must not wait for it.
   * @throws what `fn` or a publish in it failed with
   * @throws {ChanError} `unavailable`, not committed; `outcome-unknown`; `layer-closed`
   */
  async transaction<T>(fn: (tx: Transaction) => T | Promise<T>): Promise<T> {
    this.#hub.lifecycle.assertUsable()
    refuse(typeof fn !== 'function', 'fn', 'a function')
    return this.#hub.transactions.run(fn)
  }

  /**
   * Connects now rather than on first use, and reports errors of the configuration.
   * @throws {ChanError} whatever the backend fails with; calling again tries again
   */
  async connect(): Promise<void> {
    this.#hub.lifecycle.assertUsable()
    await this.#hub.lifecycle.ready()
  }

  /**
   * Refuses new calls, lets transactions end and what was published be delivered, then releases
   * presence, interest and the connection. A transaction that has begun may still publish in it.
   * Takes at most 10 s to drain; what is left then rejects `layer-closed`. Does not wait for async
   * callbacks. Idempotent; a disconnected layer stays closed.
   */
  async disconnect(): Promise<void> {
    await this.#hub.lifecycle.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect()
  }

  /** Hears of every change of the connection from now on; answers how to stop. */
  onStatus(callback: (event: StatusEvent) => void): () => void {
    refuse(typeof callback !== 'function', 'callback', 'a function')
    return this.#hub.lifecycle.onStatus(callback)
  }

  /**
   * Closes every client session of the user, in the whole cluster. The server's own subscriptions
   * with that `userId` stay.
   */
  async disconnectUser(userId: string): Promise<void> {
    this.#hub.lifecycle.assertUsable()
    validateIdentifier('userId', userId)
    await this.#hub.sessions.order({ type: 'disconnect-user', userId })
  }

  /** A snapshot of numbers; cheap enough to take every second. */
  stats(): LayerStats {
    const hub = this.#hub
    return {
      state: hub.lifecycle.state,
      activeChannels: hub.rooms.count,
      subscribers: hub.rooms.subscribers,
      sessions: hub.sessions.size,
      published: hub.publisher.published + hub.transactions.published,
      received: hub.received,
      queued: hub.queue.length,
      gaps: hub.gaps,
      gapsBy: { ...hub.gapsBy },
      resets: hub.rooms.parts.resets,
      slowConsumers: { ...hub.slowConsumers },
      backend: hub.backend.stats(),
    }
  }
}
