// Port: who is present where, across processes.

/** A present user as a backend stores it. */
export interface PresenceEntry {
  readonly userId: string
  /** Unix seconds of the first of the user's current holds. */
  readonly joinedAt: number
  /** The JSON text of the metadata object. Opaque (B9). */
  readonly metadata: string
}

/**
 * Why a user left: `left` on its own or the server's call, `disconnected` with its last connection,
 * `timed-out` with a process that died, `cleared` by `clearPresence`.
 */
export type LeaveReason = 'left' | 'disconnected' | 'timed-out' | 'cleared'

/** A change of a channel's members. */
export type PresenceChange = {
  /** The channel's presence version before and after this change. */
  readonly previous: number
  readonly version: number
  readonly entries: readonly PresenceEntry[]
} & (
  | { readonly type: 'join' | 'update' }
  | { readonly type: 'leave'; readonly reason: LeaveReason }
)

/** A channel's members at a version. */
export interface PresenceList {
  readonly version: number
  /** In order of joining. */
  readonly entries: readonly PresenceEntry[]
}

/**
 * A user is present while it has at least one hold. A hold is named by the process that put it and
 * an id unique in that process.
 *
 * **B8** holds MUST live as long as their process: when it dies, each of its users that has no other
 * hold leaves with reason `timed-out`, exactly once in the cluster. How a backend learns of the
 * death (a lease, a lock) is its own affair.
 *
 * Every change MUST reach `sink.presence` of each process that watches the channel, or that
 * process gets a later change whose `previous` it does not know, or a `gap`. While a channel is
 * watched, a change MUST have a version above all earlier ones, also after everybody had left: what
 * is not above the version that a process knows is old to it. Where versions went back all the same (a
 * store that lost its latest changes), the process MUST get a `gap`.
 */
export interface PresenceStore {
  /**
   * Adds the hold, or refreshes it. Metadata belongs to the user: the last put wins; `joinedAt`
   * counts only if the user was absent. **B7** `first` MUST be decided atomically across processes.
   */
  put(
    channel: string,
    hold: string,
    entry: PresenceEntry,
  ): Promise<{ readonly first: boolean; readonly entry: PresenceEntry }>

  /**
   * Releases one hold of this process, or with `null` all holds of the user in every process. An
   * unknown hold is a no-op. **B7** `last` MUST be true for exactly one caller per departure.
   */
  remove(
    channel: string,
    userId: string,
    hold: string | null,
    reason: LeaveReason,
  ): Promise<{ readonly last: boolean }>

  list(channel: string): Promise<PresenceList>

  /** Removes every hold of every user; all leave with reason `cleared`. */
  clearPresence(channel: string): Promise<void>
}
