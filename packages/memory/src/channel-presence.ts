// Who is present in one channel: each user with its holds, in order of joining.

import type { LeaveReason, PresenceChange, PresenceEntry, PresenceList } from '@chan/core/backend'
import { Holds } from './holds.js'
import type { Member } from './member.js'

interface PresentUser {
  entry: PresenceEntry
  readonly holds: Holds
}

/** A change to announce; `null` where nothing changed that others could see. */
export type Announcement = PresenceChange | null

export class ChannelPresence {
  #version = 0
  readonly #users = new Map<string, PresentUser>()

  get empty(): boolean {
    return this.#users.size === 0
  }

  list(): PresenceList {
    return {
      version: this.#version,
      entries: Array.from(this.#users.values(), (user) => user.entry),
    }
  }

  put(
    member: Member,
    hold: string,
    entry: PresenceEntry,
  ): { readonly first: boolean; readonly entry: PresenceEntry; readonly change: Announcement } {
    const user = this.#users.get(entry.userId)
    if (!user) {
      const holds = new Holds()
      holds.add(member, hold)
      this.#users.set(entry.userId, { entry, holds })
      return { first: true, entry, change: this.#next('join', entry) }
    }
    user.holds.add(member, hold)
    const same = user.entry.metadata === entry.metadata
    if (!same) user.entry = { ...entry, joinedAt: user.entry.joinedAt }
    const change = same ? null : this.#next('update', user.entry)
    return { first: false, entry: user.entry, change }
  }

  /** Releases one hold, or with `null` all of the user. Answers the leave if it was the last. */
  remove(member: Member, userId: string, hold: string | null, reason: LeaveReason): Announcement {
    const user = this.#users.get(userId)
    if (!user) return null
    if (hold !== null) {
      if (!user.holds.delete(member, hold) || !user.holds.empty) return null
    }
    return this.#leave([user], reason)
  }

  /** Releases every hold of a member that is gone. */
  removeMember(member: Member, reason: LeaveReason): Announcement {
    const gone: PresentUser[] = []
    for (const user of this.#users.values()) {
      if (user.holds.deleteAll(member) && user.holds.empty) gone.push(user)
    }
    return this.#leave(gone, reason)
  }

  clear(): Announcement {
    return this.#leave([...this.#users.values()], 'cleared')
  }

  #leave(users: readonly PresentUser[], reason: LeaveReason): Announcement {
    if (users.length === 0) return null
    for (const user of users) this.#users.delete(user.entry.userId)
    const entries = users.map((user) => user.entry)
    return { type: 'leave', reason, previous: this.#version, version: ++this.#version, entries }
  }

  #next(type: 'join' | 'update', entry: PresenceEntry): PresenceChange {
    return { type, previous: this.#version, version: ++this.#version, entries: [entry] }
  }
}
