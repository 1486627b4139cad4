// The channels of a bus and what its members do with them. Everything here is synchronous: an
// operation is atomic because nothing else runs meanwhile.

import type {
  Clock,
  Entry,
  HistoryLimits,
  HistoryPage,
  HistoryQuery,
  LeaveReason,
  Page,
  PageLimit,
  Position,
  PresenceEntry,
  PresenceList,
} from '@chan/core/backend'
import { Message, START } from '@chan/core/backend'
import type { BusLimits } from './bus-limits.js'
import { ChannelLog } from './channel-log.js'
import type { Announcement } from './channel-presence.js'
import { Dispatcher } from './dispatcher.js'
import { newEpochPrefix } from './epoch.js'
import { GroupTable } from './group-table.js'
import { InterestTable } from './interest-table.js'
import type { Member } from './member.js'
import type { Enqueued } from './open-transaction.js'
import { RecoveryTail } from './recovery-tail.js'
import { RememberedIds } from './remembered-ids.js'
import type { Topic } from './topic.js'
import { Topics } from './topics.js'

/** What a retained message takes beside its body: the object, its place in the queues, its strings. */
const OVERHEAD_BYTES = 256
/** Remembered ids are bounded by memory too; at the overhead alone this is a quarter of a million. */
const IDEMPOTENCY_BYTES = 64 * 1024 * 1024
const NOTHING_SHOWN: HistoryPage = { messages: [], more: false }

export class Exchange {
  readonly groups = new GroupTable()
  readonly interest = new InterestTable()
  readonly #clock: Clock
  readonly #topics: Topics
  readonly #tail: RecoveryTail
  readonly #ids: RememberedIds
  readonly #dispatcher = new Dispatcher()
  readonly #epochPrefix = newEpochPrefix()
  #epochs = 0
  /** The last one that was stored: its body is kept once, in however many channels. */
  #counted: Entry | undefined

  constructor(limits: BusLimits, clock: Clock) {
    this.#clock = clock
    this.#topics = new Topics(limits.maxIdleChannels)
    this.#tail = new RecoveryTail(limits.recoveryMs, limits.recoveryBytes)
    this.#ids = new RememberedIds(limits.idempotencyMs, IDEMPOTENCY_BYTES)
  }

  append(channel: string, entry: Entry, limits: HistoryLimits): Message {
    const known = this.#topics.find(channel)
    if (entry.ephemeral) return this.#pass(channel, known, entry)
    const now = this.#clock.now()
    if (entry.id !== null) {
      const first = this.#ids.get(channel, entry.id, now)
      if (first !== undefined) return first
    }
    const topic = known ?? this.#topics.open(channel)
    topic.log ??= new ChannelLog(channel, this.#newEpoch(), limits)
    const message = topic.log.append(entry, limits)
    const bytes = (entry === this.#counted ? 0 : entry.bytes) + OVERHEAD_BYTES
    this.#counted = entry
    this.#tail.push(topic.log, message.offset as number, bytes, now)
    if (entry.id !== null) this.#ids.set(channel, entry.id, message, bytes, now)
    this.#topics.touch(topic)
    this.#dispatcher.message(topic.watchers, channel, message)
    return message
  }

  appendEach(
    channels: readonly string[],
    entry: Entry,
    limits: (channel: string) => HistoryLimits,
  ): readonly Message[] {
    // All limits are asked for first: whatever may throw does so before anything is stored.
    const each = channels.map((channel) => [channel, limits(channel)] as const)
    return this.#dispatcher.after(() =>
      each.map(([channel, itsLimits]) => this.append(channel, entry, itsLimits)),
    )
  }

  /** All of it, in order, before any of it is delivered. */
  commit(publishes: readonly Enqueued[]): void {
    this.#dispatcher.after(() => {
      for (const { channel, entry, limits } of publishes) this.append(channel, entry, limits)
    })
  }

  read(channel: string, after: Position, limit: PageLimit): Page {
    this.#tail.sweep(this.#clock.now())
    const topic = this.#use(channel)
    if (topic?.log) return topic.log.read(after, limit)
    const truncated = after.epoch !== '' || after.offset !== 0
    return { messages: [], top: START, truncated, floor: 0 }
  }

  history(
    channel: string,
    query: HistoryQuery,
    limits: HistoryLimits,
    limit: PageLimit,
  ): HistoryPage {
    const log = this.#use(channel)?.log
    return log?.history(query, limits, limit, this.#clock.now()) ?? NOTHING_SHOWN
  }

  clear(channel: string): void {
    this.#topics.find(channel)?.log?.clear()
  }

  watch(member: Member, channel: string): Position {
    const topic = this.#topics.open(channel)
    topic.watch(member)
    this.#topics.settle(topic)
    return topic.log?.top ?? START
  }

  unwatch(member: Member, channel: string): void {
    const topic = this.#topics.find(channel)
    if (!topic) return
    topic.unwatch(member)
    this.#topics.settle(topic)
  }

  put(
    member: Member,
    channel: string,
    hold: string,
    entry: PresenceEntry,
  ): { readonly first: boolean; readonly entry: PresenceEntry } {
    const topic = this.#topics.open(channel)
    const { change, ...result } = topic.presence.put(member, hold, entry)
    this.#announce(topic, change)
    return result
  }

  /** Whether the user left. */
  remove(
    member: Member,
    channel: string,
    userId: string,
    hold: string | null,
    reason: LeaveReason,
  ): boolean {
    const topic = this.#topics.find(channel)
    const change = topic?.presence.remove(member, userId, hold, reason) ?? null
    if (topic) this.#announce(topic, change)
    return change !== null
  }

  list(channel: string): PresenceList {
    return this.#topics.find(channel)?.presence.list() ?? { version: 0, entries: [] }
  }

  clearPresence(channel: string): void {
    const topic = this.#topics.find(channel)
    if (topic) this.#announce(topic, topic.presence.clear())
  }

  /** Takes a member out of everything. Its own sink must be dead already. */
  removeMember(member: Member, reason: LeaveReason): void {
    this.groups.removeMember(member)
    this.interest.removeMember(member)
    this.#dispatcher.after(() => {
      for (const topic of this.#topics) {
        const watched = topic.unwatch(member)
        const change = topic.presence.removeMember(member, reason)
        // The others keep their place among the idle ones.
        if (watched || change) this.#announce(topic, change)
      }
    })
  }

  stats(): Readonly<Record<string, number>> {
    return {
      channels: this.#topics.size,
      idleChannels: this.#topics.idleSize,
      recoveryMessages: this.#tail.length,
      recoveryBytes: this.#tail.bytes,
      rememberedIds: this.#ids.size,
    }
  }

  /** An ephemeral message reaches who watches now, and leaves no trace. */
  #pass(channel: string, topic: Topic | undefined, entry: Entry): Message {
    const { body, sender, timestamp } = entry
    const message = Message.fromStored({ channel, body, sender, timestamp })
    if (topic) this.#dispatcher.message(topic.watchers, channel, message)
    return message
  }

  /** The channel for reading, which counts as a use. */
  #use(channel: string): Topic | undefined {
    const topic = this.#topics.find(channel)
    if (topic) this.#topics.touch(topic)
    return topic
  }

  #announce(topic: Topic, change: Announcement): void {
    this.#topics.settle(topic)
    if (change) this.#dispatcher.presence(topic.watchers, topic.name, change)
  }

  #newEpoch(): string {
    return `${this.#epochPrefix}.${(this.#epochs++).toString(36)}`
  }
}
