// The members of one channel at a version, and what makes them those of the next. Whoever is told of
// them shares one set of records: they are made once and frozen.

import type { LeaveReason, PresenceChange, PresenceEntry, PresenceList } from '../ports/presence.js'
import { type PresenceRecord, toRecord } from './record.js'

/** All members of a channel, in order of joining. */
export interface RosterSnapshot {
  readonly version: number
  readonly members: readonly PresenceRecord[]
}

/** Somebody who is a member no more. */
export interface Departure {
  readonly member: PresenceRecord
  readonly reason: LeaveReason
}

/**
 * What changed from one version to another. Nobody is in it twice. It may hold nobody: the versions
 * moved on and the members are the same.
 */
export interface RosterBatch {
  readonly previous: number
  /** As a rule above `previous`; below it where the versions of the backend began anew. */
  readonly version: number
  readonly join: readonly PresenceRecord[]
  readonly update: readonly PresenceRecord[]
  readonly leave: readonly Departure[]
  /** The members after it. */
  readonly count: number
}

interface Known {
  readonly entry: PresenceEntry
  readonly record: PresenceRecord
}

/** @internal */
export class Members {
  #known = new Map<string, Known>()
  #version = -1
  #snapshot: RosterSnapshot | undefined

  /** -1 before the first list. */
  get version(): number {
    return this.#version
  }

  /** The same object until something changes. */
  get snapshot(): RosterSnapshot {
    this.#snapshot ??= Object.freeze({
      version: this.#version,
      members: Object.freeze(Array.from(this.#known.values(), ({ record }) => record)),
    })
    return this.#snapshot
  }

  /** A change that follows the present version. */
  apply(change: PresenceChange): RosterBatch {
    if (change.type === 'leave') {
      const { reason } = change
      const leave = change.entries.map((entry) => {
        const member = this.#known.get(entry.userId)?.record ?? toRecord(entry)
        this.#known.delete(entry.userId)
        return Object.freeze({ member, reason })
      })
      return this.#moveTo(change.version, { leave })
    }
    const records = change.entries.map((entry) => {
      const record = toRecord(entry)
      this.#known.set(entry.userId, { entry, record })
      return record
    })
    return this.#moveTo(change.version, { [change.type]: records })
  }

  /** A list, whatever its version. What it does not say is why somebody left. */
  replace({ version, entries }: PresenceList): RosterBatch {
    const before = this.#known
    this.#known = new Map()
    const join: PresenceRecord[] = []
    const update: PresenceRecord[] = []
    for (const entry of entries) {
      const known = before.get(entry.userId)
      before.delete(entry.userId)
      const record = known && same(known.entry, entry) ? known.record : toRecord(entry)
      this.#known.set(entry.userId, { entry, record })
      if (record !== known?.record) (known ? update : join).push(record)
    }
    const reason = 'timed-out' as const
    const leave = Array.from(before.values(), ({ record }) =>
      Object.freeze({ member: record, reason }),
    )
    return this.#moveTo(version, { join, update, leave })
  }

  #moveTo(
    version: number,
    { join = [], update = [], leave = [] }: Partial<RosterBatch>,
  ): RosterBatch {
    const previous = this.#version
    this.#version = version
    this.#snapshot = undefined
    for (const list of [join, update, leave]) Object.freeze(list)
    return Object.freeze({ previous, version, join, update, leave, count: this.#known.size })
  }
}

function same(a: PresenceEntry, b: PresenceEntry): boolean {
  return a.joinedAt === b.joinedAt && a.metadata === b.metadata
}
