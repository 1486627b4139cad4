// One process of a cluster at the level of the port: an opened backend, and a sink that notes down
// what is called back.

import type {
  BackendSink,
  ChannelBackend,
  HistoryLimits,
  HistoryQuery,
  Message,
} from '@chan/core/backend'
import { systemClock } from '@chan/core/backend'
import { DEFAULT_LIMITS, type EntryInit, EVERYTHING, entry } from './entry.js'
import { Follower } from './follower.js'

export class Process {
  readonly backend: ChannelBackend
  /** Callbacks of any kind so far. */
  callbacks = 0
  readonly reports: unknown[] = []
  readonly #followers = new Map<string, Follower>()

  constructor(backend: ChannelBackend) {
    this.backend = backend
  }

  async open(): Promise<this> {
    await this.backend.open({ sink: this.#sink(), clock: systemClock })
    return this
  }

  /** Watches the channel, with everything ready before the backend is asked (B4). */
  async follow(channel: string): Promise<Follower> {
    const follower = new Follower(this.backend, channel)
    this.#followers.set(channel, follower)
    await follower.start(await this.backend.watch(channel))
    return follower
  }

  async unfollow(channel: string): Promise<void> {
    this.#followers.get(channel)?.close()
    this.#followers.delete(channel)
    await this.backend.unwatch(channel)
  }

  /** Appends; under the limits of a layer whose user named none, unless given. */
  async append(
    channel: string,
    data: unknown,
    init: EntryInit & { readonly limits?: HistoryLimits } = {},
  ): Promise<Message> {
    return this.backend.append(channel, entry(data, init), init.limits ?? DEFAULT_LIMITS)
  }

  /** Appends 1, 2, 3 … `count`, one after another. */
  async fill(channel: string, count: number, limits: HistoryLimits = DEFAULT_LIMITS) {
    for (let i = 1; i <= count; i++) await this.append(channel, i, { limits })
  }

  /** The data that history shows. */
  async history(
    channel: string,
    query: HistoryQuery = {},
    limits: HistoryLimits = DEFAULT_LIMITS,
  ): Promise<unknown[]> {
    const { messages } = await this.backend.history(channel, query, limits, EVERYTHING)
    return messages.map((message) => message.data)
  }

  /** Puts a hold; metadata is given as data. */
  async put(channel: string, userId: string, hold: string, metadata: unknown = {}, joinedAt = 1) {
    return this.backend.put(channel, hold, {
      userId,
      joinedAt,
      metadata: JSON.stringify(metadata),
    })
  }

  async userIds(channel: string): Promise<string[]> {
    return (await this.backend.list(channel)).entries.map((present) => present.userId)
  }

  #sink(): BackendSink {
    const noted = () => {
      this.callbacks++
    }
    return {
      deliver: (channel, message) => {
        noted()
        this.#followers.get(channel)?.accept(message)
      },
      presence: (channel, change) => {
        noted()
        this.#followers.get(channel)?.members.changed(change)
      },
      gap: (channel) => {
        noted()
        if (channel !== null) this.#followers.get(channel)?.gap()
        else for (const follower of this.#followers.values()) follower.gap()
      },
      status: noted,
      report: (error) => {
        noted()
        this.reports.push(error)
      },
    }
  }
}
