// Presence of a layer: holds put and released in call order, and the rosters that are listened to.

import type { Hub } from '../hub/hub.js'
import { layerClosed } from '../hub/lifecycle.js'
import type { Room } from '../hub/room.js'
import { Turns } from '../hub/turns.js'
import { validateIdentifier } from '../model/message.js'
import type { Policy } from '../model/policy.js'
import type { LeaveReason } from '../ports/presence.js'
import type { RosterListener } from './audience.js'
import { BareHolds } from './bare-holds.js'
import { PresenceEvents } from './events.js'
import { encodeMetadata, type PresenceEvent, type PresenceRecord, toRecord } from './record.js'
import { Rosters } from './rosters.js'

/** The hold of a bare `join`: one per process and user. */
const BARE = 'bare'

/** @internal */
export class Presence {
  readonly #hub: Hub
  readonly #rosters: Rosters
  readonly #bare = new BareHolds()
  readonly #turns = new Turns()

  constructor(hub: Hub) {
    this.#hub = hub
    this.#rosters = new Rosters(hub)
  }

  /** Adds or refreshes a hold; without one, this process's bare hold. */
  async join(
    channel: string,
    userId: string,
    hold: string | null,
    metadata: unknown,
    policy: Policy,
  ): Promise<{ first: boolean; record: PresenceRecord }> {
    this.#hub.lifecycle.assertUsable()
    validateIdentifier('userId', userId)
    // Encoded at the call: what the caller changes later is not what it said.
    const encoded = encodeMetadata(metadata ?? {}, policy, this.#hub.clock)
    if (encoded instanceof Promise) encoded.catch(() => {})
    // At the call: an unsubscribe right after it has to know.
    if (hold === null) this.#bare.add(channel, userId)
    return this.#turns.run(turn(channel, userId), async () => {
      await this.#hub.lifecycle.ready()
      const joinedAt = this.#hub.clock.now() / 1000
      const entry = { userId, joinedAt, metadata: await encoded }
      const stored = await this.#hub.backend.put(channel, hold ?? BARE, entry)
      return { first: stored.first, record: toRecord(stored.entry) }
    })
  }

  /** Releases one hold, or with `null` all of the user's holds everywhere. */
  async leave(
    channel: string,
    userId: string,
    hold: string | null,
    reason: LeaveReason,
  ): Promise<{ last: boolean }> {
    validateIdentifier('userId', userId)
    const ended = hold === null || hold === BARE ? this.#bare.ending(channel, userId) : undefined
    return this.#turns.run(turn(channel, userId), async () => {
      await this.#hub.lifecycle.ready()
      const removed = await this.#hub.backend.remove(channel, userId, hold, reason)
      ended?.()
      return removed
    })
  }

  /** A subscription of the user ended: with its last one here its bare hold ends too, if there is one. */
  async unsubscribed(room: Room, userId: string): Promise<void> {
    // Looked for only where it can matter: the walk is long in a busy channel.
    if (!this.#bare.mayHave(room.name, userId)) return
    const isLast = !room.subscribers.toArray().some((other) => other.userId === userId)
    if (isLast) await this.leave(room.name, userId, BARE, 'left')
  }

  async clear(channel: string): Promise<void> {
    this.#hub.lifecycle.assertUsable()
    const ended = this.#bare.endingAll(channel)
    // Joins called before this are cleared, too.
    const prefix = turn(channel, '')
    const joining = [...this.#turns.snapshot()].filter(([key]) => key.startsWith(prefix))
    await Promise.allSettled(joining.map(([, call]) => call))
    await this.#hub.lifecycle.ready()
    await this.#hub.backend.clearPresence(channel)
    ended()
  }

  async list(channel: string): Promise<PresenceRecord[]> {
    this.#hub.lifecycle.assertUsable()
    await this.#hub.lifecycle.ready()
    const { entries } = await this.#hub.backend.list(channel)
    return entries.map((entry) => toRecord(entry))
  }

  /**
   * Listens to a channel's members until the signal aborts; answers how to stop (idempotent). A
   * function is told one event after another, a `RosterListener` whole batches.
   */
  listen(
    channel: string,
    listener: RosterListener | ((event: PresenceEvent) => unknown),
    signal: AbortSignal | undefined,
  ): Promise<() => void> {
    if (typeof listener !== 'function') return this.#rosters.listen(channel, listener, signal)
    const context = { operation: 'onPresence', channel }
    const events = new PresenceEvents(listener, (error) => this.#hub.report(error, context))
    return this.#rosters.listen(channel, events, signal)
  }

  /** Resolves when every join and leave called so far has settled. */
  settled(): Promise<void> {
    return this.#turns.settled()
  }

  /** Nothing is told any more, and nothing is waited for. */
  close(): void {
    this.#turns.abandon(layerClosed())
    this.#rosters.close()
  }
}

/** NUL cannot be part of a name, so two pairs never share a key. */
function turn(channel: string, userId: string): string {
  return `${channel}\u0000${userId}`
}
