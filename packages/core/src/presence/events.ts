// What `onPresence` tells: one event for each member, made of a roster's snapshots and batches.

import { callSafely } from '../model/call.js'
import type { RosterListener } from './audience.js'
import type { RosterBatch, RosterSnapshot } from './members.js'
import type { PresenceEvent } from './record.js'

/** Listens to a roster for a callback of the user; its failures go to `report`. */
export class PresenceEvents implements RosterListener {
  readonly #callback: (event: PresenceEvent) => unknown
  readonly #report: (error: unknown) => void
  #ended = false

  constructor(callback: (event: PresenceEvent) => unknown, report: (error: unknown) => void) {
    this.#callback = callback
    this.#report = report
  }

  synced({ members }: RosterSnapshot): void {
    this.#tell({ type: 'sync', members })
  }

  changed({ join, update, leave }: RosterBatch): void {
    // Updates come before joins: who was there already joined earlier, and is told of earlier.
    for (const member of update) this.#tell({ type: 'update', member })
    for (const member of join) this.#tell({ type: 'join', member })
    for (const { member, reason } of leave) this.#tell({ type: 'leave', member, reason })
  }

  ended(): void {
    this.#ended = true
  }

  #tell(event: PresenceEvent): void {
    // The callback may have ended itself in the middle of a batch.
    if (this.#ended) return
    callSafely(() => this.#callback(event), this.#report)
  }
}
