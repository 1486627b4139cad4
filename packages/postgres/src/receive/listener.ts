// The one LISTEN connection of this process: proves that doorbells arrive, and after each return has
// everything compared that may have been missed.

import { randomUUID } from 'node:crypto'
import { ChanError, type Clock } from '@chan/core/backend'
import { KeptSession, type KeptState } from '../connection/kept-session.js'
import type { Session } from '../connection/session.js'

/** What a listener needs. */
export interface ListenerHost {
  readonly clock: Clock
  open(signal: AbortSignal): Promise<Session>
  /** The physical name of the doorbell, once the server was found to be the right one. */
  doorbell(session: Session): Promise<string>
  /** The process begins to live on this session: its lease. */
  enter(session: Session): Promise<void>
  /** Rings for this process only, the way publishes go. */
  ring(nonce: string): Promise<void>
  heard(payload: string): void
  /** Doorbells are heard from here on; what came before has to be compared. */
  listening(session: Session): Promise<void>
  lost(error: Error): void
  back(): void
  report(error: unknown): void
}

/** How long the proof may take, in milliseconds. */
const PROOF_MS = 3_000

export class Listener {
  readonly #host: ListenerHost
  readonly #kept: KeptSession
  #proof: { readonly nonce: string; heard(): void } | undefined

  constructor(host: ListenerHost) {
    this.#host = host
    this.#kept = new KeptSession({
      name: 'listener',
      clock: host.clock,
      open: (signal) => host.open(signal),
      ready: (session) => this.#setUp(session),
      lost: (error) => host.lost(error),
      back: () => host.back(),
      report: (error) => host.report(error),
    })
  }

  get state(): KeptState {
    return this.#kept.state
  }

  get reconnects(): number {
    return this.#kept.reconnects
  }

  get lastError(): unknown {
    return this.#kept.lastError
  }

  get session(): Session | undefined {
    return this.#kept.session
  }

  /** Resolves when doorbells are heard for the first time. @throws {ChanError} why they are not */
  start(): Promise<void> {
    return this.#kept.start()
  }

  /** Resolves while doorbells are heard. @throws {ChanError} `unavailable` */
  async ready(deadlineMs: number): Promise<void> {
    await this.#kept.whenReady(deadlineMs)
  }

  /** A nonce came back. */
  proven(nonce: string): void {
    if (this.#proof?.nonce === nonce) this.#proof.heard()
  }

  close(): Promise<void> {
    return this.#kept.close()
  }

  async #setUp(session: Session): Promise<void> {
    session.onNotification((payload) => this.#host.heard(payload))
    const name = await this.#host.doorbell(session)
    // Committed before anything is read: what is stored after the reading rings.
    await session.query(`listen ${quoted(name)}`)
    // Before anything that takes time: the others wait for a second only.
    await this.#host.enter(session)
    await this.#prove()
    await this.#host.listening(session)
  }

  /** A pooler swallows LISTEN without a word; another server never rings. */
  async #prove(): Promise<void> {
    const nonce = randomUUID()
    let cancel = () => {}
    const heard = new Promise<boolean>((resolve) => {
      this.#proof = { nonce, heard: () => resolve(true) }
      const timer = this.#host.clock.after(PROOF_MS, () => resolve(false))
      cancel = () => timer.cancel()
    })
    try {
      await this.#host.ring(nonce)
      if (!(await heard)) throw notDelivered()
    } finally {
      this.#proof = undefined
      cancel()
    }
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function notDelivered(): ChanError {
  return new ChanError(
    'listen-not-delivered',
    `A notification sent through this database did not arrive within ${PROOF_MS} ms.`,
    'LISTEN needs a connection of its own: pass `listenUrl` with the address of the server itself, ' +
      'not of a transaction pooler or of another server than `databaseUrl`; or pass ' +
      '`listen: false` to publish and read only.',
  )
}
