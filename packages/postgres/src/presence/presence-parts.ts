// Presence, groups, interest and the lease they all hang on, wired together: what the backend needs
// of them in one object.

import { type Clock, isChanError, layerClosed, type PresenceChange } from '@chan/core/backend'
import { SessionLost, toChanError } from '../connection/errors.js'
import type { Session } from '../connection/session.js'
import { Lease } from '../lease/lease.js'
import { Observer } from '../lease/observer.js'
import { Groups } from './groups.js'
import { Interest } from './interest.js'
import { OwnHolds } from './own-holds.js'
import { Presence } from './presence.js'
import { readPresence } from './presence-doorbell.js'
import { PresenceQueue } from './presence-queue.js'

/** What these parts need of the backend. */
export interface PresencePartsHost {
  readonly clock: Clock
  /** The quoted schema. */
  readonly schema: string
  /** False in a layer with `listen: false`: it has no lease, and can hold nothing. */
  readonly listens: boolean
  /** The publisher's session, as soon as there is one; rejects after the deadline. */
  publisher(deadlineMs: number): Promise<Session>
  /** Runs a statement on any connection; it may run twice. */
  read<R extends object>(text: string, values: readonly unknown[]): Promise<R[]>
  /** The server under the session changed; resolves when epochs are right again. */
  serverChanged(session: Session): Promise<void>
  /** Members of a channel changed. Called for every channel, watched here or not. */
  changed(channel: string, change: PresenceChange): void
  /** The doorbell number last drawn, at least once a second. */
  drawn(number: number): void
  report(error: unknown): void
}

/** Before entering is tried again on a session that stands, in milliseconds. */
const RETRY_MS = 500
const DEPART_DEADLINE_MS = 2_000
const READ_DEADLINE_MS = 5_000

export class PresenceParts {
  readonly presence: Presence
  readonly groups: Groups
  readonly interest: Interest
  readonly #host: PresencePartsHost
  readonly #lease: Lease
  readonly #observer: Observer
  readonly #holds = new OwnHolds()
  readonly #queue: PresenceQueue
  #session: Session | undefined
  #entering = false
  #hasNode = false
  #closed = false

  constructor(host: PresencePartsHost) {
    this.#host = host
    const { clock, schema, listens } = host
    this.#lease = new Lease(schema)
    this.#observer = new Observer({
      clock,
      schema,
      reap: (node, incarnation) => this.#reap(node, incarnation),
      drawn: (number) => host.drawn(number),
      takenOut: () => void this.#enterAgain(),
      report: (error) => host.report(error),
    })
    this.#queue = new PresenceQueue({
      clock,
      schema,
      holds: this.#holds,
      session: (deadlineMs) => host.publisher(deadlineMs),
      serverChanged: (session) => host.serverChanged(session),
      takenOut: () => void this.#enterAgain(),
      report: (error) => host.report(error),
    })
    const holding = {
      schema,
      leased: listens,
      run: this.#queue.run.bind(this.#queue),
      read: <R extends object>(text: string, values: readonly unknown[]) =>
        this.#read<R>(text, values),
      readInTurn: <R extends object>(text: string, values: readonly unknown[]) =>
        this.#readInTurn<R>(text, values),
    }
    this.presence = new Presence(holding)
    this.groups = new Groups(holding)
    this.interest = new Interest(holding)
    if (!listens) this.#queue.entered(null, true)
  }

  /**
   * Part of setting up a LISTEN session, after LISTEN: from here on this process lives, to the
   * others, as long as the session. What it held before it holds on, or puts again.
   */
  async entered(session: Session): Promise<void> {
    const { id, kept } = await this.#lease.enter(session)
    if (this.#closed) throw layerClosed()
    this.#hasNode = true
    this.#session = session
    this.#observer.start(session, id)
    this.#queue.entered(id, kept)
  }

  /** The LISTEN session is gone. Changes go on meanwhile, for as long as the others are patient. */
  lost(): void {
    this.#session = undefined
    this.#observer.stop()
  }

  /** A doorbell of kind P said this. */
  heard(text: string, number: number): void {
    if (this.#closed) return
    for (const news of readPresence(text)) {
      this.#holds.hear(news, number)
      if (news.type === 'members') this.#host.changed(news.channel, news.change)
    }
  }

  /** Doorbells may have been lost while the session stood. */
  gap(): void {
    this.#queue.compare()
  }

  /**
   * Rejects what waits and releases all that is held, so that users leave at once. Without the
   * database they leave when the lock is found free.
   */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#observer.stop()
    this.#queue.close()
    if (!this.#hasNode) return
    try {
      const session = await this.#host.publisher(0)
      await this.#lease.depart(session, DEPART_DEADLINE_MS)
    } catch {
      // Then the others find the lock free.
    }
  }

  /** Living processes, as last seen. */
  get processes(): number {
    return this.#observer.processes
  }

  stats(): Readonly<Record<string, number>> {
    return {
      holds: this.#holds.size,
      presenceWaiting: this.#queue.length,
      processes: this.#observer.processes,
      reaped: this.#observer.reaped,
    }
  }

  async #reap(node: number, incarnation: number): Promise<boolean> {
    const rows = await this.#host.read<{ reaped: boolean }>(
      `select ${this.#host.schema}.reap($1, $2) as reaped`,
      [node, incarnation],
    )
    return rows[0]?.reaped === true
  }

  /** The node is gone while the session stands: somebody took it out by hand. */
  async #enterAgain(): Promise<void> {
    const session = this.#session
    if (!session || this.#entering) return
    this.#entering = true
    try {
      await this.entered(session)
    } catch (error) {
      if (this.#session === session && session.alive) {
        this.#host.report(error)
        this.#host.clock.after(RETRY_MS, () => void this.#enterAgain())
      }
    } finally {
      this.#entering = false
    }
  }

  /** On the session that changes go on, too. */
  async #readInTurn<R extends object>(text: string, values: readonly unknown[]): Promise<R[]> {
    try {
      return await (await this.#host.publisher(READ_DEADLINE_MS)).query<R>(text, values)
    } catch (error) {
      if (error instanceof SessionLost) return this.#read<R>(text, values)
      throw isChanError(error) ? error : toChanError(error, 'Reading failed')
    }
  }

  async #read<R extends object>(text: string, values: readonly unknown[]): Promise<R[]> {
    if (this.#closed) throw layerClosed()
    try {
      return await this.#host.read<R>(text, values)
    } catch (error) {
      throw isChanError(error) ? error : toChanError(error, 'Reading failed')
    }
  }
}
