// Every open connection of a router, and how they are all sent away.

import { type Clock, Latch } from '@chan/core/connections'
import { CloseCode } from '@chan/protocol'
import type { Connection } from '../connection/connection.js'

/** How a router's sockets are sent away, in milliseconds. */
export interface Drain {
  readonly deadlineMs: number
  readonly spreadMs?: number | undefined
}

/** What draining needs of the router. */
export interface DrainHost {
  readonly clock: Clock
  /** What a peer may take for the closing handshake. */
  readonly closeTimeoutMs: number
  /** An owner could not be told; its connection is closed like those of others. */
  failed(error: unknown, path: string): void
}

/** Between two portions. */
const STEP_MS = 50

/** @internal */
export class OpenConnections {
  /** By the path of their route. */
  readonly #connections = new Map<Connection, string>()
  /** Route handlers that have not settled: hooks may still run after the socket is gone. */
  #handlers = 0
  readonly #emptied = new Latch()

  get size(): number {
    return this.#connections.size
  }

  add(connection: Connection, path: string): void {
    this.#connections.set(connection, path)
  }

  /** The adapter has let go of it. */
  readonly delete = (connection: object): void => {
    this.#connections.delete(connection as Connection)
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
   * Closes all, spread over some time, but those whose owners have their peers leave by themselves:
   * of these it closes who is still there after a grace, in time for the closing handshake. What is
   * left at the deadline is dropped. Resolves when every socket is gone.
   * @param spreadMs default: a millisecond for each socket, at most half of the deadline
   */
  async drain(
    { deadlineMs, spreadMs = Math.min(this.size, Math.floor(deadlineMs / 2)) }: Drain,
    host: DrainHost,
  ): Promise<void> {
    const { clock, closeTimeoutMs } = host
    const graceMs = Math.max(deadlineMs - closeTimeoutMs, Math.ceil(deadlineMs / 2))
    const { leaving, others } = this.#tellAll(Math.min(spreadMs, graceMs), graceMs, host)
    this.#closeAll(others, spreadMs, clock)
    const grace = clock.after(graceMs, () => sendAway(leaving))
    const empty = this.#isEmpty ? Promise.resolve() : this.#emptied.wait()
    await new Promise<void>((resolve) => {
      const timer = clock.after(deadlineMs, resolve)
      void empty.then(() => {
        timer.cancel()
        grace.cancel()
        resolve()
      })
    })
    const left = [...this.#connections.keys()]
    for (const connection of left) connection.terminate('drain deadline')
    await Promise.all(left.map((connection) => connection.gone))
  }

  /** Sorts those whose owners see to their leaving from the others. */
  #tellAll(spreadMs: number, graceMs: number, { failed }: DrainHost) {
    const leaving: Connection[] = []
    const others: Connection[] = []
    // A copy: an owner may end its connection at once.
    for (const [connection, path] of [...this.#connections]) {
      let isTold = false
      try {
        isTold = connection.goAway({ spreadMs, graceMs })
      } catch (error) {
        failed(error, path)
      }
      if (isTold) leaving.push(connection)
      else others.push(connection)
    }
    return { leaving, others }
  }

  /** In portions, so that not all clients come back to the other servers at once. */
  #closeAll(connections: readonly Connection[], leftMs: number, clock: Clock): void {
    const steps = Math.max(1, Math.ceil(leftMs / STEP_MS))
    const portion = Math.ceil(connections.length / steps)
    sendAway(connections.slice(0, portion))
    const rest = connections.slice(portion)
    if (rest.length === 0) return
    clock.after(STEP_MS, () => this.#closeAll(rest, leftMs - STEP_MS, clock))
  }

  get #isEmpty(): boolean {
    return this.#connections.size === 0 && this.#handlers === 0
  }

  #check(): void {
    if (this.#isEmpty) this.#emptied.open()
  }
}

function sendAway(connections: readonly Connection[]): void {
  for (const connection of connections) {
    connection.close(CloseCode.goingAway, 'the server is going away')
  }
}
