// The members of one channel as this process knows them: listed once, then kept by changes. A change
// that was missed shows in the versions, and the difference is told after listing again.

import type { Hub } from '../hub/hub.js'
import { layerClosed } from '../hub/lifecycle.js'
import type { PresenceListener } from '../hub/room.js'
import type { Timer } from '../model/clock.js'
import type { PresenceChange, PresenceList } from '../ports/presence.js'
import { Audience, type RosterListener } from './audience.js'
import { Members, type RosterBatch } from './members.js'

const RETRY_MS = 500
/** Changes that wait for a list. */
const MAX_EARLY = 1_000

/** @internal */
export class Roster implements PresenceListener {
  readonly #hub: Hub
  readonly #channel: string
  readonly #audience = new Audience((error) => this.#report(error))
  readonly #members = new Members()
  #listed: Promise<void> | undefined
  #listing = false
  #early: PresenceChange[] = []
  #listAgain = false
  #syncDue = false
  #retry: Timer | undefined
  #closed = false

  constructor(hub: Hub, channel: string) {
    this.#hub = hub
    this.#channel = channel
  }

  /** Somebody listens, or is about to. */
  get inUse(): boolean {
    return !this.#audience.empty
  }

  /**
   * Adds a listener. Resolves when it was told a snapshot, or stopped before that.
   * @throws {ChanError} what the backend refuses the list with, `layer-closed`
   */
  async listen(listener: RosterListener): Promise<void> {
    this.#audience.expect(listener)
    try {
      this.#listed ??= this.#list().catch((error: unknown) => {
        this.#listed = undefined
        throw error
      })
      await this.#listed
    } catch (error) {
      this.stop(listener)
      throw error
    }
    await this.#inTurn(() => {
      if (!this.#closed) this.#audience.admit(listener, this.#members.snapshot)
    })
    if (this.#closed) throw layerClosed()
  }

  /** Ends a listener, also one that still waits; one that is unknown is left alone. */
  stop(listener: RosterListener): void {
    this.#audience.stop(listener)
  }

  changed(change: PresenceChange): void {
    if (this.#closed) return
    if (!this.#listing && !this.#retry) return this.#apply(change)
    this.#early.push(change)
    if (this.#early.length <= MAX_EARLY) return
    // The list may be long in coming. What it will not contain is found by one more.
    this.#early = []
    this.#listAgain = true
  }

  gap(): void {
    this.#syncDue = true
    this.#relist()
  }

  close(): void {
    this.#closed = true
    this.#retry?.cancel()
    this.#audience.stopAll()
  }

  async #list(): Promise<void> {
    this.#listing = true
    try {
      const list = await this.#hub.backend.list(this.#channel)
      await this.#inTurn(() => this.#replace(list))
    } catch (error) {
      this.#listing = false
      throw error
    }
  }

  /** Lists again until it works; changes wait meanwhile. */
  #relist(): void {
    if (this.#closed || this.#retry) return
    // Never two at once: the older one might come last.
    if (this.#listing) this.#listAgain = true
    // Without a first list nobody was told anything; who listens next begins with one.
    else if (this.#members.version >= 0) this.#list().catch((error) => this.#relistLater(error))
  }

  #relistLater(error: unknown): void {
    if (this.#closed) return
    this.#report(error)
    this.#retry = this.#hub.clock.after(RETRY_MS, () => {
      this.#retry = undefined
      this.#relist()
    })
  }

  #replace(list: PresenceList): void {
    if (this.#closed) return
    const first = this.#members.version < 0
    const batch = this.#members.replace(list)
    const sync = this.#syncDue
    this.#syncDue = false
    if (sync) this.#audience.synced(this.#members.snapshot)
    else if (!first && !isEmpty(batch)) this.#audience.changed(batch)
    const early = this.#early
    this.#early = []
    this.#listing = false
    if (this.#listAgain) {
      this.#listAgain = false
      this.#relist()
    }
    for (const change of early) this.changed(change)
  }

  #apply(change: PresenceChange): void {
    // An older one is in the list already: versions only grow, or a gap has us list again.
    if (change.version <= this.#members.version) return
    if (change.previous !== this.#members.version) return this.#relist()
    this.#audience.changed(this.#members.apply(change))
  }

  /** In the order of deliveries, never nested in a callback. */
  #inTurn(task: () => void): Promise<void> {
    return new Promise((done) => this.#hub.queue.run(() => done(task())))
  }

  #report(error: unknown): void {
    this.#hub.report(error, { operation: 'presence', channel: this.#channel })
  }
}

/** Nobody needs to hear of it: not even the version moved on. */
function isEmpty({ previous, version, join, update, leave }: RosterBatch): boolean {
  return previous === version && join.length + update.length + leave.length === 0
}
