// Every open connection of a router, and how they are all sent away.

import { CloseCode } from '@chan/protocol'
import type { Clock } from '../model/clock.js'
import type { Connection } from './connection.js'

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

  /** Counts a handler until it settles. */
  handle(handled: PromiseLike<unknown>, failed: (error: unknown) => void): void {
    this.#handlers++
    handled.then(this.#settled, (error) => {
      failed(error)
      this.#settled()
    })
  }

  /** Closes all; what is left at the deadline is dropped. Resolves when every socket is gone. */
  async drain(deadlineMs: number, clock: Clock): Promise<void> {
    for (const connection of this.#connections) {
      connection.close(CloseCode.goingAway, 'the server is going away')
    }
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

  #whenEmpty(): Promise<void> {
    return new Promise((resolve) => {
      this.#empty = resolve
      this.#check()
    })
  }

  readonly #settled = (): void => {
    this.#handlers--
    this.#check()
  }

  #check(): void {
    if (this.#connections.size === 0 && this.#handlers === 0) this.#empty?.()
  }
}
