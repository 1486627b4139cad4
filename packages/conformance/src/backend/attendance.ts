// A channel's members as a process learns of them: from a list and then from changes, with a new
// list wherever a change is missing. What it notes down is what `onPresence` would tell.

import type { LeaveReason, PresenceChange, PresenceEntry, PresenceList } from '@chan/core/backend'
import { until } from '../until.js'

/** One line of the book. */
export interface Noted {
  readonly type: 'join' | 'update' | 'leave'
  readonly userId: string
  /** `null` where the change itself was missed and only its effect was seen. */
  readonly reason: LeaveReason | null
}

export class Attendance {
  readonly notes: Noted[] = []
  readonly #list: () => Promise<PresenceList>
  #present = new Map<string, PresenceEntry>()
  #version = -1
  #early: PresenceChange[] = []
  #listing: Promise<void> | undefined

  constructor(list: () => Promise<PresenceList>) {
    this.#list = list
  }

  async start(): Promise<void> {
    await this.#relist()
  }

  get userIds(): string[] {
    return [...this.#present.keys()].sort()
  }

  metadata(userId: string): string | undefined {
    return this.#present.get(userId)?.metadata
  }

  /** The notes about one user, as `join`, `update`, `leave:reason`. */
  story(userId: string): string[] {
    return this.notes
      .filter((note) => note.userId === userId)
      .map(({ type, reason }) => (type === 'leave' ? `${type}:${reason}` : type))
  }

  async hears(userId: string, ...story: readonly string[]): Promise<void> {
    const wanted = story.join()
    await until(
      () => `'${userId}' to ${wanted} (heard ${this.story(userId).join()})`,
      () => this.story(userId).join().startsWith(wanted),
    )
  }

  /** Changes may be missing; a list under way may be too old. */
  gap(): void {
    if (this.#listing) void this.#listing.then(this.#relistLater, () => {})
    else this.#relistLater()
  }

  changed(change: PresenceChange): void {
    if (this.#listing) this.#early.push(change)
    else if (change.version <= this.#version) return
    else if (change.previous !== this.#version) this.#relistLater()
    else this.#apply(change)
  }

  #apply(change: PresenceChange): void {
    this.#version = change.version
    for (const entry of change.entries) {
      const reason = change.type === 'leave' ? change.reason : null
      this.notes.push({ type: change.type, userId: entry.userId, reason })
      if (change.type === 'leave') this.#present.delete(entry.userId)
      else this.#present.set(entry.userId, entry)
    }
  }

  // Nobody waits for it; where it fails, as after a close, a case misses what it waits for.
  readonly #relistLater = (): void => {
    this.#relist().catch(() => {
      this.#listing = undefined
    })
  }

  #relist(): Promise<void> {
    this.#listing ??= this.#list().then((list) => {
      const before = this.#version < 0 ? undefined : this.#present
      this.#version = list.version
      this.#present = new Map(list.entries.map((entry) => [entry.userId, entry]))
      if (before) this.#noteDifference(before)
      this.#listing = undefined
      for (const change of this.#early.splice(0)) this.changed(change)
    })
    return this.#listing
  }

  #noteDifference(before: ReadonlyMap<string, PresenceEntry>): void {
    for (const [userId, entry] of this.#present) {
      const known = before.get(userId)
      if (!known) this.notes.push({ type: 'join', userId, reason: null })
      else if (known.metadata !== entry.metadata) {
        this.notes.push({ type: 'update', userId, reason: null })
      }
    }
    for (const userId of before.keys()) {
      if (!this.#present.has(userId)) this.notes.push({ type: 'leave', userId, reason: null })
    }
  }
}
