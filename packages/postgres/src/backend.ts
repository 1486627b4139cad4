// The backend port over PostgreSQL: which part answers which call. What the parts do is theirs.

import {
  type BackendContext,
  type BackendFacts,
  type BackendSink,
  ChanError,
  type ChannelBackend,
  type Clock,
  type Entry,
  type HistoryLimits,
  type HistoryPage,
  type HistoryQuery,
  type Later,
  type LeaveReason,
  layerClosed,
  type Message,
  type Page,
  type PageLimit,
  type Position,
  type PresenceEntry,
  type PresenceList,
  type Transaction,
} from '@chan/core/backend'
import { toChanError } from './connection/errors.js'
import { type PgLayerOptions, type PgSettings, readSettings } from './options.js'
import type { PgTransaction } from './outbox/transaction.js'
import { Parts } from './parts.js'

/** How long watching waits for the LISTEN connection, in milliseconds. */
const WATCH_MS = 10_000

/** One process's access to a database. Most programs use `PgChannelLayer` instead. */
export class PgBackend implements ChannelBackend {
  readonly facts: BackendFacts = {
    crossProcess: true,
    durable: true,
    maxMessageBytes: 64 * 1024 * 1024,
  }
  readonly #settings: PgSettings
  #clock: Clock | undefined
  #parts: Parts | undefined
  #closed = false

  /** @throws {ChanError} `invalid-option` */
  constructor(options: PgLayerOptions) {
    this.#settings = readSettings(options)
  }

  async open(context: BackendContext): Promise<void> {
    const parts = new Parts(this.#settings, { ...context, sink: this.#guard(context.sink) })
    this.#clock = context.clock
    try {
      await parts.start()
    } catch (error) {
      await parts.close()
      throw error
    }
    this.#parts = parts
    if (this.#closed) await parts.close()
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#parts?.close()
  }

  stats(): Readonly<Record<string, number | string>> {
    return this.#parts?.stats() ?? {}
  }

  append(channel: string, entry: Entry, limits: HistoryLimits): Message | Later<Message> {
    const { publisher, emitter } = this.#live()
    if (entry.ephemeral) return emitter.append(channel, entry)
    return publisher.append(channel, entry, limits)
  }

  async appendEach(
    channels: readonly string[],
    entry: Entry,
    limits: (channel: string) => HistoryLimits,
  ): Promise<readonly Message[]> {
    const { publisher, emitter } = this.#live()
    if (entry.ephemeral) return channels.map((channel) => emitter.append(channel, entry))
    return publisher.appendEach(channels, entry, limits)
  }

  enqueue(tx: Transaction, channel: string, entry: Entry, limits: HistoryLimits): Promise<void> {
    try {
      return this.#live().outbox.enqueue(tx, channel, entry, limits)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** @param run gets a `tx` whose `query` answers as a client of pg does */
  transaction<T>(run: (tx: PgTransaction) => Promise<T>): Promise<T> {
    try {
      return this.#live().outbox.transaction(run)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  read(channel: string, after: Position, limit: PageLimit): Promise<Page> {
    return this.#ask('Reading the log', ({ reader }) => reader.read(channel, after, limit))
  }

  history(
    channel: string,
    query: HistoryQuery,
    limits: HistoryLimits,
    limit: PageLimit,
  ): Promise<HistoryPage> {
    const now = this.#clock?.now() ?? 0
    return this.#ask('Reading history', ({ history }) =>
      history.show(channel, query, limits, limit, now),
    )
  }

  clear(channel: string): Promise<void> {
    return this.#ask('Clearing history', ({ history }) => history.clear(channel))
  }

  watch(channel: string): Promise<Position> {
    return this.#ask('Subscribing', async ({ listener, receiver }) => {
      if (!listener) throw listenDisabled('Subscribing')
      await listener.ready(WATCH_MS)
      return receiver.watch(channel)
    })
  }

  async unwatch(channel: string): Promise<void> {
    this.#live().receiver.unwatch(channel)
  }

  put(
    channel: string,
    hold: string,
    entry: PresenceEntry,
  ): Promise<{ readonly first: boolean; readonly entry: PresenceEntry }> {
    return this.#ask('Joining', ({ presence }) => presence.presence.put(channel, hold, entry))
  }

  remove(
    channel: string,
    userId: string,
    hold: string | null,
    reason: LeaveReason,
  ): Promise<{ readonly last: boolean }> {
    return this.#ask('Leaving', ({ presence }) =>
      presence.presence.remove(channel, userId, hold, reason),
    )
  }

  list(channel: string): Promise<PresenceList> {
    return this.#ask('Listing members', ({ presence }) => presence.presence.list(channel))
  }

  clearPresence(channel: string): Promise<void> {
    return this.#ask('Clearing presence', ({ presence }) =>
      presence.presence.clearPresence(channel),
    )
  }

  addMember(group: string, channel: string, hold: string | null): Promise<void> {
    return this.#ask('Adding to a group', ({ presence }) =>
      presence.groups.addMember(group, channel, hold),
    )
  }

  removeMember(group: string, channel: string, hold: string | null): Promise<void> {
    return this.#ask('Removing from a group', ({ presence }) =>
      presence.groups.removeMember(group, channel, hold),
    )
  }

  members(group: string): Promise<readonly string[]> {
    return this.#ask("Reading a group's members", ({ presence }) => presence.groups.members(group))
  }

  reportInterest(counts: ReadonlyMap<string, number>): Promise<void> {
    return this.#ask('Reporting interest', ({ presence }) =>
      presence.interest.reportInterest(counts),
    )
  }

  totalInterest(channel: string): Promise<number> {
    return this.#ask('Counting subscribers', ({ presence }) =>
      presence.interest.totalInterest(channel),
    )
  }

  /** Nothing is called back once closing has begun (B10). */
  #guard(sink: BackendSink): BackendSink {
    return {
      deliver: (channel, message) => {
        if (!this.#closed) sink.deliver(channel, message)
      },
      presence: (channel, change) => {
        if (!this.#closed) sink.presence(channel, change)
      },
      gap: (channel, cause) => {
        if (!this.#closed) sink.gap(channel, cause)
      },
      status: (state, error) => {
        if (!this.#closed) sink.status(state, error)
      },
      report: (error) => {
        if (!this.#closed) sink.report(error)
      },
    }
  }

  #live(): Parts {
    if (this.#closed || !this.#parts) throw layerClosed()
    return this.#parts
  }

  async #ask<T>(what: string, task: (parts: Parts) => Promise<T>): Promise<T> {
    const parts = this.#live()
    try {
      return await task(parts)
    } catch (error) {
      // Whatever a closing connection says, the reason is that it was closed.
      throw this.#closed ? layerClosed() : toChanError(error, what)
    }
  }
}

function listenDisabled(what: string): ChanError {
  return new ChanError(
    'listen-disabled',
    `${what} needs the LISTEN connection, and this layer has none.`,
    'Create the layer without listen: false.',
  )
}
