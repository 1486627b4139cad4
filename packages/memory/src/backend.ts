// The backend port over a bus: turns the bus's synchronous answers into promises, and its end into
// refusals.

import {
  type BackendContext,
  type BackendFacts,
  type ChannelBackend,
  type Entry,
  type HistoryLimits,
  type HistoryPage,
  type HistoryQuery,
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
import { InMemoryBus, type Membership } from './bus.js'
import { foreignTransaction, OpenTransaction } from './open-transaction.js'

/** One process's access to a bus. Most programs use `InMemoryChannelLayer` instead. */
export class MemoryBackend implements ChannelBackend {
  readonly facts: BackendFacts = {
    crossProcess: false,
    durable: false,
    maxMessageBytes: Number.MAX_SAFE_INTEGER,
  }
  readonly #bus: InMemoryBus
  readonly #transactions = new WeakSet<Transaction>()
  #membership: Membership | null = null

  constructor(bus: InMemoryBus = new InMemoryBus()) {
    this.#bus = bus
  }

  async open(context: BackendContext): Promise<void> {
    this.#membership = this.#bus.join(this, context)
  }

  async close(): Promise<void> {
    const { member } = this.#membership ?? {}
    if (member?.alive) this.#bus.leave(member, 'disconnected')
  }

  // No promise: what is stored is delivered before the caller goes on.
  append(channel: string, entry: Entry, limits: HistoryLimits): Message {
    return this.#joined().exchange.append(channel, entry, limits)
  }

  async appendEach(
    channels: readonly string[],
    entry: Entry,
    limits: (channel: string) => HistoryLimits,
  ): Promise<readonly Message[]> {
    return this.#joined().exchange.appendEach(channels, entry, limits)
  }

  async enqueue(
    tx: Transaction,
    channel: string,
    entry: Entry,
    limits: HistoryLimits,
  ): Promise<void> {
    this.#joined()
    if (!(tx instanceof OpenTransaction && this.#transactions.has(tx))) throw foreignTransaction()
    tx.enqueue({ channel, entry, limits })
  }

  async transaction<T>(run: (tx: Transaction) => Promise<T>): Promise<T> {
    this.#joined()
    const tx = new OpenTransaction()
    this.#transactions.add(tx)
    try {
      const result = await run(tx)
      // Closed or crashed meanwhile: what it held is dropped.
      this.#joined().exchange.commit(tx.end())
      return result
    } finally {
      tx.end()
    }
  }

  async read(channel: string, after: Position, limit: PageLimit): Promise<Page> {
    return this.#joined().exchange.read(channel, after, limit)
  }

  async history(
    channel: string,
    query: HistoryQuery,
    limits: HistoryLimits,
    limit: PageLimit,
  ): Promise<HistoryPage> {
    return this.#joined().exchange.history(channel, query, limits, limit)
  }

  async clear(channel: string): Promise<void> {
    this.#joined().exchange.clear(channel)
  }

  async watch(channel: string): Promise<Position> {
    const { exchange, member } = this.#joined()
    return exchange.watch(member, channel)
  }

  async unwatch(channel: string): Promise<void> {
    const { exchange, member } = this.#joined()
    exchange.unwatch(member, channel)
  }

  async put(
    channel: string,
    hold: string,
    entry: PresenceEntry,
  ): Promise<{ readonly first: boolean; readonly entry: PresenceEntry }> {
    const { exchange, member } = this.#joined()
    return exchange.put(member, channel, hold, entry)
  }

  async remove(
    channel: string,
    userId: string,
    hold: string | null,
    reason: LeaveReason,
  ): Promise<{ readonly last: boolean }> {
    const { exchange, member } = this.#joined()
    return { last: exchange.remove(member, channel, userId, hold, reason) }
  }

  async list(channel: string): Promise<PresenceList> {
    return this.#joined().exchange.list(channel)
  }

  async clearPresence(channel: string): Promise<void> {
    this.#joined().exchange.clearPresence(channel)
  }

  async addMember(group: string, channel: string, hold: string | null): Promise<void> {
    const { exchange, member } = this.#joined()
    exchange.groups.add(member, group, channel, hold)
  }

  async removeMember(group: string, channel: string, hold: string | null): Promise<void> {
    const { exchange, member } = this.#joined()
    exchange.groups.remove(member, group, channel, hold)
  }

  async members(group: string): Promise<readonly string[]> {
    return this.#joined().exchange.groups.members(group)
  }

  async reportInterest(counts: ReadonlyMap<string, number>): Promise<void> {
    const { exchange, member } = this.#joined()
    exchange.interest.report(member, counts)
  }

  async totalInterest(channel: string): Promise<number> {
    return this.#joined().exchange.interest.total(channel)
  }

  /** Sizes of the whole bus, shared by all its members. */
  stats(): Readonly<Record<string, number | string>> {
    return this.#membership?.exchange.stats() ?? {}
  }

  #joined(): Membership {
    const membership = this.#membership
    if (membership?.member.alive) return membership
    throw layerClosed()
  }
}
