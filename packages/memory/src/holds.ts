// The holds on one thing (a user's presence, a group's channel): each belongs to a member of the bus
// and has an id of that member's choosing.

import type { Member } from './member.js'

export class Holds {
  readonly #byMember = new Map<Member, Set<string>>()

  get empty(): boolean {
    return this.#byMember.size === 0
  }

  add(member: Member, id: string): void {
    const ids = this.#byMember.get(member)
    if (ids) ids.add(id)
    else this.#byMember.set(member, new Set([id]))
  }

  /** Whether the hold was there. */
  delete(member: Member, id: string): boolean {
    const ids = this.#byMember.get(member)
    if (!ids?.delete(id)) return false
    if (ids.size === 0) this.#byMember.delete(member)
    return true
  }

  /** Whether the member had any hold. */
  deleteAll(member: Member): boolean {
    return this.#byMember.delete(member)
  }
}
