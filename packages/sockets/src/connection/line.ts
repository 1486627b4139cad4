// A connection's socket and its end, whatever travels on it. It ends once; whoever depends on it hears
// of that once.

import { Latch, type Timer } from '@chan/core/connections'
import { CloseCode } from '@chan/protocol'
import type { Socket } from '../port/port.js'
import { closeReason } from './close-reason.js'
import type { Home } from './home.js'
import type { ConnectionLimits } from './limits.js'

/** How a connection ended: the code and reason of whoever began to close it. */
export interface Ending {
  /** 1005 without a status in the peer's close frame, 1006 without a close frame. */
  readonly code: number
  readonly reason: string
}

/** @internal Most connections are quiet: what a quiet one does not need is made when it is needed. */
export abstract class Line {
  readonly home: Home
  readonly limits: ConnectionLimits
  readonly socket: Socket
  #onEnd: Set<(ending: Ending) => void> | undefined
  #ending: Ending | undefined
  #closing: Timer | undefined
  #isGone = false
  #departure: Latch | undefined

  constructor(socket: Socket, limits: ConnectionLimits, home: Home) {
    this.socket = socket
    this.limits = limits
    this.home = home
  }

  /** Set from the moment either side began to close. */
  get ending(): Ending | undefined {
    return this.#ending
  }

  /** Resolves when the adapter has let go of the socket. */
  get gone(): Promise<void> {
    if (this.#isGone) return Promise.resolve()
    this.#departure ??= new Latch()
    return this.#departure.wait()
  }

  /** Calls back once, at once if the connection ended before. Answers how to take it back. */
  onEnd(listener: (ending: Ending) => void): () => void {
    if (this.#ending) {
      listener(this.#ending)
      return () => {}
    }
    this.#onEnd ??= new Set()
    this.#onEnd.add(listener)
    return () => {
      this.#onEnd?.delete(listener)
      if (this.#onEnd?.size === 0) this.#onEnd = undefined
    }
  }

  /** Starts the closing handshake; a peer that does not finish it is dropped. */
  close(code: number, reason: string): void {
    if (this.#ending) return
    const ending = { code, reason: closeReason(reason) }
    this.#ending = ending
    const { timers, durations } = this.home
    this.#closing = timers.after(durations.closeTimeoutMs, () => this.socket.terminate())
    this.beforeClose()
    this.socket.close(code, ending.reason)
    this.#end(ending)
  }

  /** Drops the connection. */
  terminate(reason: string): void {
    const ending = { code: 1006, reason }
    this.#ending ??= ending
    this.socket.terminate()
    this.#end(ending)
  }

  /** Closes it, because more waits for the peer than may. Answers whether it was open. */
  tooSlow(): boolean {
    if (this.#ending) return false
    this.close(CloseCode.slowConsumer, 'slow consumer')
    return true
  }

  closed(code: number, reason: string): void {
    this.#closing?.cancel()
    this.#end({ code, reason })
    this.#isGone = true
    this.#departure?.open()
    this.home.gone(this)
  }

  /** The last moment to send something. */
  protected abstract beforeClose(): void
  /** Nothing comes or goes any more. Called at least once, before everybody else is told. */
  protected abstract afterEnd(ending: Ending): void

  #end(ending: Ending): void {
    this.#ending ??= ending
    this.afterEnd(this.#ending)
    const listeners = this.#onEnd
    this.#onEnd = undefined
    if (listeners) for (const listener of listeners) listener(this.#ending)
  }
}
