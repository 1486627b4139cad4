// What the server may receive in a user's name: asked for when it subscribes, asked for again where a
// command may have been missed, and taken back by `revoke`, whenever that comes.

import type { Hub } from '../hub/hub.js'
import { PermissionError } from '../model/message.js'
import { onAbort } from '../model/on-abort.js'
import type { AuthFn } from '../model/policy.js'
import type { Session, SessionEnd } from '../ports/connections.js'
import { authorize } from './authorize.js'
import { patiently } from './enter.js'

/** For what it is. */
export interface GrantFacts {
  readonly channel: string
  readonly userId: string
  /** The caller's, if it has one. */
  readonly signal: AbortSignal | undefined
  /** The channel's, as of now. */
  authFn(): AuthFn | undefined
}

/** @internal A user's permission on a channel, from before it is asked for until it is not needed. */
export class Grant implements Session {
  readonly #hub: Hub
  readonly #facts: GrantFacts
  readonly #over = new AbortController()
  readonly #forget: () => void
  readonly #listening: Promise<void> | undefined
  #denied: PermissionError | undefined
  #told: ((denied: PermissionError) => void) | undefined

  constructor(hub: Hub, facts: GrantFacts) {
    this.#hub = hub
    this.#facts = facts
    const { signal, userId } = facts
    this.#forget = onAbort(signal, () => this.#over.abort(signal?.reason))
    this.#listening = hub.sessions.addOwn(userId, this)
  }

  /** Aborts when the caller gives up, or with the `PermissionError` when it is taken back. */
  get signal(): AbortSignal {
    return this.#over.signal
  }

  /** Why it was taken back, if it was. */
  get denied(): PermissionError | undefined {
    return this.#denied
  }

  /**
   * Resolves when a command that takes it back cannot be missed any more.
   * @throws {ChanError} what listening for commands failed with
   */
  async heard(): Promise<void> {
    if (!this.#listening) return
    const heard = this.#hub.waits.track(this.#listening)
    await patiently(this.#hub, this.#facts.channel, this.signal, heard)
  }

  /** From now on the caller is told by this, no longer by a rejection, that it was taken back. */
  tell(told: (denied: PermissionError) => void): void {
    this.#told = told
  }

  /** It is not needed any more. Idempotent. */
  end(): void {
    this.#forget()
    this.#hub.sessions.removeOwn(this.#facts.userId, this)
  }

  /** `disconnectUser` is about clients, and what the layer holds it ends by itself. */
  endSession(why: SessionEnd): void {
    if (why === 'unsure') void this.#askAgain()
  }

  revoke(channel: string): void {
    const { userId } = this.#facts
    if (channel !== this.#facts.channel || this.signal.aborted) return
    this.#denied = new PermissionError(channel, userId)
    this.#over.abort(this.#denied)
    this.#told?.(this.#denied)
  }

  async #askAgain(): Promise<void> {
    const { channel, userId } = this.#facts
    try {
      await authorize(this.#hub, channel, this.#facts.authFn(), userId)
    } catch {
      // No answer is no permission either; it has been reported.
      if (!this.#hub.closing.aborted) this.revoke(channel)
    }
  }
}
