// Client sessions of this process, and the reserved channel over which any process of the cluster
// can end those of a user.

import type { Message } from '../model/message.js'

/**
 * Carries `disconnectUser` to every process. User-chosen names never contain control characters, so
 * nobody else can publish to it or read it.
 */
export const CONTROL_CHANNEL = '\u0001chan:control'

const DENIED = 1008
const GOING_AWAY = 1012

/** Ends one session, with a WebSocket close code. */
export type EndSession = (code: number, reason: string) => void

/** What sessions need from the hub. */
export interface SessionsHost {
  /** Keeps the control channel subscribed; answers how to stop. */
  listen(onMessage: (message: Message) => void, onReset: () => void): () => void
  publish(command: ControlCommand): Promise<unknown>
}

interface ControlCommand {
  readonly disconnectUser: string
}

/** @internal */
export class Sessions {
  readonly #host: SessionsHost
  readonly #byUser = new Map<string | null, Set<EndSession>>()
  #size = 0
  #stop: (() => void) | undefined
  #emptied: (() => void) | undefined

  constructor(host: SessionsHost) {
    this.#host = host
  }

  /** Open sessions of this process. */
  get size(): number {
    return this.#size
  }

  /** Registers a session; answers how to take it out again (idempotent). */
  add(userId: string | null, end: EndSession): () => void {
    let sessions = this.#byUser.get(userId)
    if (!sessions) {
      sessions = new Set()
      this.#byUser.set(userId, sessions)
    }
    // Wrapped, so that one function registered twice counts twice.
    const entry: EndSession = (code, reason) => end(code, reason)
    sessions.add(entry)
    this.#size++
    this.#stop ??= this.#host.listen(
      (message) => this.#obey(message.data as ControlCommand),
      // A missed command may have concerned anybody: everybody has to come back and be asked again.
      () => this.endAll(GOING_AWAY, 'The server lost track of who may stay; reconnect.'),
    )
    return () => this.#remove(userId, entry)
  }

  /** Ends every session of the user in the cluster; resolves when the order is stored. */
  async disconnectUser(userId: string): Promise<void> {
    this.#obey({ disconnectUser: userId })
    await this.#host.publish({ disconnectUser: userId })
  }

  /** Resolves when no session is left; they end by themselves when the layer closes. */
  async empty(): Promise<void> {
    if (this.#size === 0) return
    await new Promise<void>((resolve) => {
      this.#emptied = resolve
    })
  }

  endAll(code: number, reason: string): void {
    for (const sessions of [...this.#byUser.values()]) {
      for (const end of [...sessions]) end(code, reason)
    }
  }

  #obey({ disconnectUser }: ControlCommand): void {
    for (const end of [...(this.#byUser.get(disconnectUser) ?? [])]) {
      end(DENIED, 'Disconnected by the server.')
    }
  }

  #remove(userId: string | null, entry: EndSession): void {
    const sessions = this.#byUser.get(userId)
    if (!sessions?.delete(entry)) return
    if (sessions.size === 0) this.#byUser.delete(userId)
    if (--this.#size > 0) return
    this.#stop?.()
    this.#stop = undefined
    this.#emptied?.()
  }
}
