// Client sessions of this process, and the reserved channel over which any process of the cluster
// can end those of a user.

import { Latch } from '../model/latch.js'
import type { Message } from '../model/message.js'
import type { Session, SessionEnd, SessionRegister } from '../ports/connections.js'

/**
 * Carries `disconnectUser` to every process. User-chosen names never contain control characters, so
 * nobody else can publish to it or read it.
 */
export const CONTROL_CHANNEL = '\u0001chan:control'

/** What sessions need from the hub. */
export interface SessionsHost {
  /** Keeps the control channel subscribed. */
  listen(onMessage: (message: Message) => void, onReset: () => void): Listening
  publish(command: ControlCommand): Promise<unknown>
}

/** A subscription to the control channel, in the making or made. */
export interface Listening {
  /** Resolves when no command can be missed any more, or when that failed and sessions were told. */
  readonly ready: Promise<void>
  stop(): void
}

interface ControlCommand {
  readonly disconnectUser: string
}

/** @internal */
export class Sessions implements SessionRegister {
  readonly #host: SessionsHost
  readonly #byUser = new Map<string | null, Set<Session>>()
  #size = 0
  #listening: Listening | undefined
  readonly #emptied = new Latch()

  constructor(host: SessionsHost) {
    this.#host = host
  }

  /** Open sessions of this process. */
  get size(): number {
    return this.#size
  }

  /** Registers a session, once. */
  add(userId: string | null, session: Session): void {
    let sessions = this.#byUser.get(userId)
    if (!sessions) {
      sessions = new Set()
      this.#byUser.set(userId, sessions)
    }
    sessions.add(session)
    this.#size++
    this.#listening ??= this.#host.listen(
      (message) => this.#obey(message.data as ControlCommand),
      () => this.endAll('unsure'),
    )
  }

  /** Takes a session out; harmless if it is. */
  remove(userId: string | null, session: Session): void {
    const sessions = this.#byUser.get(userId)
    if (!sessions?.delete(session)) return
    if (sessions.size === 0) this.#byUser.delete(userId)
    if (--this.#size > 0) return
    this.#listening?.stop()
    this.#listening = undefined
    this.#emptied.open()
  }

  /**
   * Resolves when commands reach the sessions registered so far. Whoever asks for permission after
   * that cannot be told yes and then miss being disconnected.
   */
  async ready(): Promise<void> {
    await this.#listening?.ready
  }

  /** Ends every session of the user in the cluster; resolves when the order is stored. */
  async disconnectUser(userId: string): Promise<void> {
    this.#obey({ disconnectUser: userId })
    await this.#host.publish({ disconnectUser: userId })
  }

  /** Resolves when no session is left; they end by themselves when the layer closes. */
  async empty(): Promise<void> {
    if (this.#size > 0) await this.#emptied.wait()
  }

  endAll(why: SessionEnd): void {
    for (const sessions of [...this.#byUser.values()]) {
      for (const session of [...sessions]) session.endSession(why)
    }
  }

  #obey({ disconnectUser }: ControlCommand): void {
    for (const session of [...(this.#byUser.get(disconnectUser) ?? [])]) {
      session.endSession('disconnected')
    }
  }
}
