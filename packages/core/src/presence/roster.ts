// The members of one channel as this process knows them: listed once, then kept by changes. A change
// that was missed shows in the versions, and the difference is told after listing again.

import { layerClosed } from '../hub/lifecycle.js'
import type { PresenceListener } from '../hub/room.js'
import { callSafely } from '../model/call.js'
import type { Clock, Timer } from '../model/clock.js'
import type { LeaveReason, PresenceChange, PresenceEntry, PresenceList } from '../ports/presence.js'
import { type PresenceEvent, type PresenceRecord, toRecord } from './record.js'

const RETRY_MS = 500
/** Changes that wait for a list. */
const MAX_EARLY = 1_000

/** What a roster needs. */
export interface RosterHost {
  readonly clock: Clock
  list(): Promise<PresenceList>
  /** Runs events one after another, never nested in a callback. */
  run(task: () => void): void
  report(error: unknown, operation: string): void
}

type Listener = (event: PresenceEvent) => unknown

/** @internal */
export class Roster implements PresenceListener {
  readonly #host: RosterHost
  readonly #listeners = new Set<Listener>()
  /** Listeners that wait for their first sync. */
  #joining = 0
  #members = new Map<string, { readonly entry: PresenceEntry; readonly record: PresenceRecord }>()
  #version = -1
  #listed: Promise<void> | undefined
  #listing = false
  #early: PresenceChange[] = []
  #listAgain = false
  #syncDue = false
  #retry: Timer | undefined
  #closed = false

  constructor(host: RosterHost) {
    this.#host = host
  }

  /** Somebody listens, or is about to. */
  get inUse(): boolean {
    return this.#listeners.size + this.#joining > 0
  }

  /** Adds a listener; it hears a `sync` before this resolves. Answers how to stop. */
  async listen(listener: Listener): Promise<() => void> {
    // Its own function, so that one callback given twice is heard twice.
    const own: Listener = (event) => listener(event)
    const attach = () => {
      if (this.#closed) return
      this.#listeners.add(own)
      this.#tell(own, { type: 'sync', members: this.#records() })
    }
    this.#joining++
    try {
      this.#listed ??= this.#list().catch((error: unknown) => {
        this.#listed = undefined
        throw error
      })
      await this.#listed
      await new Promise<void>((done) => this.#host.run(() => done(attach())))
    } finally {
      this.#joining--
    }
    // Only the end of the layer closes a roster that somebody waits for.
    if (this.#closed) throw layerClosed()
    return () => this.#listeners.delete(own)
  }

  changed(change: PresenceChange): void {
    if (!this.#listing && !this.#retry) return this.#apply(change)
    this.#early.push(change)
    if (this.#early.length <= MAX_EARLY) return
    // The list may be long in coming. What it will not contain is found by one more.
    this.#early = []
    this.#listAgain = true
  }

  gap(): void {
    this.#syncDue = true
    void this.#relist()
  }

  close(): void {
    this.#closed = true
    this.#retry?.cancel()
    this.#listeners.clear()
  }

  #records(): PresenceRecord[] {
    return [...this.#members.values()].map(({ record }) => record)
  }

  async #list(): Promise<void> {
    this.#listing = true
    try {
      const list = await this.#host.list()
      await new Promise<void>((done) => this.#host.run(() => done(this.#replace(list))))
    } catch (error) {
      this.#listing = false
      throw error
    }
  }

  /** Lists again until it works; changes wait meanwhile. */
  async #relist(): Promise<void> {
    if (this.#closed || this.#retry) return
    if (this.#listing) {
      this.#listAgain = true
      return
    }
    try {
      await this.#list()
    } catch (error) {
      this.#host.report(error, 'presence')
      this.#retry = this.#host.clock.after(RETRY_MS, () => {
        this.#retry = undefined
        void this.#relist()
      })
    }
  }

  #replace({ version, entries }: PresenceList): void {
    if (this.#closed) return
    const before = this.#members
    const first = this.#version < 0
    this.#members = new Map()
    this.#version = version
    const events: PresenceEvent[] = []
    for (const entry of entries) {
      const known = before.get(entry.userId)
      before.delete(entry.userId)
      const record = known && same(known.entry, entry) ? known.record : toRecord(entry)
      this.#members.set(entry.userId, { entry, record })
      if (record !== known?.record) events.push({ type: known ? 'update' : 'join', member: record })
    }
    for (const { record } of before.values()) events.push(departure(record, 'timed-out'))
    const sync = this.#syncDue
    this.#syncDue = false
    if (sync) this.#emit({ type: 'sync', members: this.#records() })
    else if (!first) for (const event of events) this.#emit(event)
    const early = this.#early
    this.#early = []
    this.#listing = false
    if (this.#listAgain) {
      this.#listAgain = false
      void this.#relist()
    }
    for (const change of early) this.changed(change)
  }

  #apply(change: PresenceChange): void {
    if (this.#closed || change.version <= this.#version) return
    if (change.previous !== this.#version) {
      void this.#relist()
      return
    }
    this.#version = change.version
    for (const entry of change.entries) {
      if (change.type === 'leave') {
        const known = this.#members.get(entry.userId)
        this.#members.delete(entry.userId)
        this.#emit(departure(known?.record ?? toRecord(entry), change.reason))
      } else {
        const record = toRecord(entry)
        this.#members.set(entry.userId, { entry, record })
        this.#emit({ type: change.type, member: record })
      }
    }
  }

  #emit(event: PresenceEvent): void {
    for (const listener of [...this.#listeners]) {
      // An earlier one may have ended a later one.
      if (this.#listeners.has(listener)) this.#tell(listener, event)
    }
  }

  #tell(listener: Listener, event: PresenceEvent): void {
    callSafely(
      () => listener(event),
      (error) => this.#host.report(error, 'onPresence'),
    )
  }
}

function departure(member: PresenceRecord, reason: LeaveReason): PresenceEvent {
  return { type: 'leave', member, reason }
}

function same(a: PresenceEntry, b: PresenceEntry): boolean {
  return a.joinedAt === b.joinedAt && a.metadata === b.metadata
}
