// How many subscribers each member of the bus reported for each channel.

import type { Member } from './member.js'

export class InterestTable {
  readonly #channels = new Map<string, Map<Member, number>>()

  report(member: Member, counts: ReadonlyMap<string, number>): void {
    for (const [channel, count] of counts) {
      if (count === 0) this.#drop(channel, member)
      else {
        const members = this.#channels.get(channel) ?? new Map<Member, number>()
        this.#channels.set(channel, members.set(member, count))
      }
    }
  }

  total(channel: string): number {
    let total = 0
    for (const count of this.#channels.get(channel)?.values() ?? []) total += count
    return total
  }

  /** Forgets what a member that is gone had reported. */
  removeMember(member: Member): void {
    for (const channel of this.#channels.keys()) this.#drop(channel, member)
  }

  #drop(channel: string, member: Member): void {
    const members = this.#channels.get(channel)
    if (members?.delete(member) && members.size === 0) this.#channels.delete(channel)
  }
}
