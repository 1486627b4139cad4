// A roster and what it stands on, without a backend.

import type { Hub } from '../src/hub/hub.js'
import type { PresenceEntry, PresenceList } from '../src/ports/presence.js'
import type { RosterListener } from '../src/presence/audience.js'
import { PresenceEvents } from '../src/presence/events.js'
import type { RosterBatch, RosterSnapshot } from '../src/presence/members.js'
import type { PresenceEvent } from '../src/presence/record.js'
import { Roster } from '../src/presence/roster.js'
import { ManualClock } from '../src/testing/index.js'

export const entry = (userId: string, metadata: object = {}): PresenceEntry => ({
  userId,
  joinedAt: 1,
  metadata: JSON.stringify(metadata),
})

/** A roster over a store whose changes a test passes on, or not. */
export function setUp() {
  const clock = new ManualClock()
  const store = { version: 0, entries: [] as PresenceEntry[], fail: false, lists: 0 }
  const errors: unknown[] = []
  const told: string[] = []
  const list = async (): Promise<PresenceList> => {
    store.lists++
    if (store.fail) throw new Error('no database')
    return { version: store.version, entries: [...store.entries] }
  }
  const backend = { list }
  const queue = { run: (task: () => void) => task() }
  const report = (error: unknown) => void errors.push(error)
  const hub = { clock, backend, queue, report } as unknown as Hub
  const roster = new Roster(hub, 'chat')
  /** Listens to events; answers how to stop. */
  const listen = async (callback: (event: PresenceEvent) => unknown) => {
    const events = new PresenceEvents(callback, report)
    await roster.listen(events)
    return () => roster.stop(events)
  }
  const listener = (event: PresenceEvent) => void told.push(describeEvent(event))
  const join = (userId: string, metadata?: object) => {
    const joined = entry(userId, metadata)
    store.entries.push(joined)
    const previous = store.version++
    return { type: 'join' as const, previous, version: store.version, entries: [joined] }
  }
  const leave = (userId: string) => {
    const gone = store.entries.filter((member) => member.userId === userId)
    store.entries = store.entries.filter((member) => member.userId !== userId)
    const previous = store.version++
    const change = { type: 'leave' as const, reason: 'left' as const, entries: gone }
    return { ...change, previous, version: store.version }
  }
  return { clock, store, backend, errors, told, roster, listen, listener, join, leave }
}

/** An event in words. */
export function describeEvent(event: PresenceEvent): string {
  if (event.type === 'sync') return `sync ${event.members.map(({ userId }) => userId).join(',')}`
  const reason = event.type === 'leave' ? ` ${event.reason}` : ''
  return `${event.type} ${event.member.userId}${reason}`
}

/** Notes down snapshots and batches. */
export class Notebook implements RosterListener {
  readonly snapshots: RosterSnapshot[] = []
  readonly batches: RosterBatch[] = []
  readonly words: string[] = []

  synced(snapshot: RosterSnapshot): void {
    this.snapshots.push(snapshot)
    this.words.push(`${snapshot.version}: ${ids(snapshot.members)}`)
  }

  changed(batch: RosterBatch): void {
    this.batches.push(batch)
    const { previous, version, join, update, leave, count } = batch
    const left = leave.map(({ member, reason }) => `-${member.userId} ${reason}`)
    const changes = [...join.map(({ userId }) => `+${userId}`), ...left]
    for (const { userId } of update) changes.push(`~${userId}`)
    this.words.push(`${previous}>${version}: ${changes.join()} =${count}`)
  }

  ended(): void {
    this.words.push('ended')
  }
}

const ids = (members: RosterSnapshot['members']) => members.map(({ userId }) => userId).join()
