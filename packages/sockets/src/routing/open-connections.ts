// Every open connection of a router, and how they are all sent away.

import type { Clock } from '@chan/core/connections'
import { CloseCode } from '@chan/protocol'
import type { Connection } from '../connection/connection.js'

/** How a router's sockets are sent away, in milliseconds. */
export interface Drain {
  readonly deadlineMs: number
  readonly spreadMs?: number | undefined
}

/** Between two portions. */
const STEP_MS = 50

/** @internal */
export class OpenConnections {
  readonly #connections = new Set<Connection>()
  /** Route handlers that have not settled: hooks may still run after the socket is gone. */
  #handlers = 0
  #empty: (() => void) | undefined

  get size(): number {
    return this.#connections.size
  }

  add(connection: Connection): void {
    this.#connections.add(connection)
  }

  /** The adapter has let go of it. */
  readonly delete = (connection: Connection): void => {
    this.#connections.delete(connection)
    this.#check()
  }

  /** Counts a handler until it is `handled`. */
  handling(): void {
    this.#handlers++
  }

  /** The handler has settled. */
  readonly handled = (): void => {
    this.#handlers--
    this.#check()
  }

  /**
   * Closes all, spread over some time; what is left at the deadline is dropped. Resolves when every
   * socket is gone.
   * @param spreadMs default: a millisecond for each socket, at most half of the deadline
   */
  async drain(
    { deadlineMs, spreadMs = Math.min(this.size, deadlineMs / 2) }: Drain,
    clock: Clock,
  ): Promise<void> {
    this.#closeAll([...this.#connections], spreadMs, clock)
    const empty = this.#whenEmpty()
    await new Promise<void>((resolve) => {
      const timer = clock.after(deadlineMs, resolve)
      void empty.then(() => {
        timer.cancel()
        resolve()
      })
    })
    const left = [...this.#connections]
    for (const connection of left) connection.terminate('drain deadline')
    await Promise.all(left.map((connection) => connection.gone))
  }

  /** In portions, so that not all clients come back to the other servers at once. */
  #closeAll(connections: readonly Connection[], leftMs: number, clock: Clock): void {
    const steps = Math.max(1, Math.ceil(leftMs / STEP_MS))
    const portion = Math.ceil(connections.length / steps)
    for (const connection of connections.slice(0, portion)) {
      connection.close(CloseCode.goingAway, 'the server is going away')
    }
    const rest = connections.slice(portion)
    if (rest.length === 0) return
    clock.after(STEP_MS, () => this.#closeAll(rest, leftMs - STEP_MS, clock))
  }

  #whenEmpty(): Promise<void> {
    return new Promise((resolve) => {
      this.#empty = resolve
      this.#check()
    })
  }

  #check(): void {
    if (this.#connections.size === 0 && this.#handlers === 0) this.#empty?.()
  }
}
