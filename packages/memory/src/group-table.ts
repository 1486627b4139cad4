// Which channels belong to which group: for good, or while a member of the bus holds them.

import { Holds } from './holds.js'
import type { Member } from './member.js'

interface Membership {
  durable: boolean
  readonly holds: Holds
}

export class GroupTable {
  readonly #groups = new Map<string, Map<string, Membership>>()

  members(group: string): readonly string[] {
    return [...(this.#groups.get(group)?.keys() ?? [])]
  }

  /** @param hold `null` adds for good */
  add(member: Member, group: string, channel: string, hold: string | null): void {
    const channels = this.#groups.get(group) ?? new Map<string, Membership>()
    this.#groups.set(group, channels)
    const membership = channels.get(channel) ?? { durable: false, holds: new Holds() }
    channels.set(channel, membership)
    if (hold === null) membership.durable = true
    else membership.holds.add(member, hold)
  }

  /** @param hold `null` ends the membership whoever holds it */
  remove(member: Member, group: string, channel: string, hold: string | null): void {
    const channels = this.#groups.get(group)
    const membership = channels?.get(channel)
    if (!channels || !membership) return
    if (hold !== null) {
      if (!membership.holds.delete(member, hold)) return
      if (membership.durable || !membership.holds.empty) return
    }
    this.#drop(group, channels, channel)
  }

  /** Releases every hold of a member that is gone. */
  removeMember(member: Member): void {
    for (const [group, channels] of this.#groups) {
      for (const [channel, membership] of channels) {
        if (!membership.holds.deleteAll(member)) continue
        if (!membership.durable && membership.holds.empty) this.#drop(group, channels, channel)
      }
    }
  }

  #drop(group: string, channels: Map<string, Membership>, channel: string): void {
    channels.delete(channel)
    if (channels.size === 0) this.#groups.delete(group)
  }
}
