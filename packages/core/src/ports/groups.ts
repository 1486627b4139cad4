// Port: which channels belong to which group, across processes.

/**
 * A channel is a member of a group while it was added for good (`hold` null) or some process holds
 * it. Holds live as long as their process, like presence (B8).
 */
export interface GroupStore {
  /** Adds the membership. Adding what is there is a no-op. */
  addMember(group: string, channel: string, hold: string | null): Promise<void>
  /** Releases one hold of this process, or with `null` ends the membership whoever holds it. */
  removeMember(group: string, channel: string, hold: string | null): Promise<void>
  /** Every member once, in no particular order. */
  members(group: string): Promise<readonly string[]>
}
