// A backend around a backend that is slow and restless: every call and every callback comes late, and
// those of different channels overtake each other. All of it is within the contract, so that nothing
// may change for whoever uses it.

import type {
  BackendContext,
  BackendFacts,
  BackendSink,
  ChannelBackend,
  Entry,
  HistoryLimits,
  HistoryQuery,
  Later,
  LeaveReason,
  PageLimit,
  Position,
  PresenceEntry,
  Transaction,
} from '@chan/core/backend'
import { layerClosed } from '@chan/core/backend'
import { seeded } from '../random.js'
import { turns } from '../until.js'
import { Lanes } from './lanes.js'

/**
 * Delays every call and callback of a backend by random turns of the event loop and lets those of
 * different channels overtake each other; one channel's keep their order. The seed repeats a run.
 */
export function shuffled(backend: ChannelBackend, seed: number): ChannelBackend {
  return new Shuffled(backend, seed)
}

class Shuffled implements ChannelBackend {
  readonly facts: BackendFacts
  readonly #inner: ChannelBackend
  readonly #calls: Lanes
  readonly #callbacks: Lanes
  #closing: Promise<void> | undefined

  constructor(inner: ChannelBackend, seed: number) {
    this.#inner = inner
    // Calls take time now, as they do where processes are apart.
    this.facts = { ...inner.facts, crossProcess: true }
    this.#calls = new Lanes(seeded(seed))
    this.#callbacks = new Lanes(seeded(seed + 1))
  }

  open({ sink, clock }: BackendContext): Promise<void> {
    return this.#inner.open({ sink: this.#late(sink), clock })
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  append(channel: string, entry: Entry, limits: HistoryLimits) {
    return this.#call([channel], () => this.#inner.append(channel, entry, limits))
  }

  appendEach(
    channels: readonly string[],
    entry: Entry,
    limits: (channel: string) => HistoryLimits,
  ) {
    return this.#call(channels, () => this.#inner.appendEach(channels, entry, limits))
  }

  enqueue(tx: Transaction, channel: string, entry: Entry, limits: HistoryLimits) {
    if (this.#closing) return Promise.reject(layerClosed())
    // Only the answer is late: the transaction may be ended right after the call.
    const entering = this.#inner.enqueue(tx, channel, entry, limits)
    entering.catch(() => {})
    return this.#callbacks.run([], () => entering)
  }

  transaction<T>(run: (tx: Transaction) => Promise<T>) {
    // In no lane: transactions have no order, and one that runs holds up nothing.
    const late = (tx: Transaction) => this.#callbacks.run([], () => run(tx))
    if (this.#closing) return Promise.reject(layerClosed())
    return this.#calls.run([], () => this.#inner.transaction(late))
  }

  read(channel: string, after: Position, limit: PageLimit) {
    return this.#call([channel], () => this.#inner.read(channel, after, limit))
  }

  history(channel: string, query: HistoryQuery, limits: HistoryLimits, limit: PageLimit) {
    return this.#call([channel], () => this.#inner.history(channel, query, limits, limit))
  }

  clear(channel: string) {
    return this.#call([channel], () => this.#inner.clear(channel))
  }

  watch(channel: string) {
    return this.#call([channel], () => this.#inner.watch(channel))
  }

  unwatch(channel: string) {
    return this.#call([channel], () => this.#inner.unwatch(channel))
  }

  put(channel: string, hold: string, entry: PresenceEntry) {
    return this.#call([channel], () => this.#inner.put(channel, hold, entry))
  }

  remove(channel: string, userId: string, hold: string | null, reason: LeaveReason) {
    return this.#call([channel], () => this.#inner.remove(channel, userId, hold, reason))
  }

  list(channel: string) {
    return this.#call([channel], () => this.#inner.list(channel))
  }

  clearPresence(channel: string) {
    return this.#call([channel], () => this.#inner.clearPresence(channel))
  }

  addMember(group: string, channel: string, hold: string | null) {
    return this.#call([inGroup(group)], () => this.#inner.addMember(group, channel, hold))
  }

  removeMember(group: string, channel: string, hold: string | null) {
    return this.#call([inGroup(group)], () => this.#inner.removeMember(group, channel, hold))
  }

  members(group: string) {
    return this.#call([inGroup(group)], () => this.#inner.members(group))
  }

  reportInterest(counts: ReadonlyMap<string, number>) {
    return this.#call([INTEREST], () => this.#inner.reportInterest(counts))
  }

  totalInterest(channel: string) {
    return this.#call([INTEREST], () => this.#inner.totalInterest(channel))
  }

  stats() {
    return this.#inner.stats()
  }

  #call<T>(lanes: readonly string[], call: () => T | Later<T>): Promise<T> {
    if (this.#closing) return Promise.reject(layerClosed())
    return this.#calls.run(lanes.length > 0 ? lanes : [''], call)
  }

  async #close(): Promise<void> {
    while (this.#calls.size > 0) await turns(1)
    await this.#inner.close()
  }

  /** Messages and members of one channel each keep their order, and have none between them. */
  #late(sink: BackendSink): BackendSink {
    const later = (lane: string, callback: () => void) => {
      void this.#callbacks.run([lane], () => {
        if (!this.#closing) callback()
      })
    }
    return {
      deliver: (channel, message) => later(channel, () => sink.deliver(channel, message)),
      presence: (channel, change) =>
        later(`\0presence ${channel}`, () => sink.presence(channel, change)),
      // Not before what it speaks about, and that has begun by then.
      gap: (channel, cause) => later(channel ?? '', () => sink.gap(channel, cause)),
      status: (state, error) => sink.status(state, error),
      report: (error) => sink.report(error),
    }
  }
}

// Names cannot contain control characters, so these are nobody's.
const INTEREST = '\0interest'
const inGroup = (group: string) => `\0group ${group}`
