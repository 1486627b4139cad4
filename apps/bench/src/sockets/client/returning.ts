// Some of those who stalled read on, and catch up.

import { setTimeout as sleep } from 'node:timers/promises'
import type { RawSocket } from './raw-socket.js'
import type { Tally } from './tally.js'
import type { Trail } from './trail.js'

export interface Trails {
  /** The offsets with which they began. */
  readonly firsts: readonly number[]
  /** The offsets with which they end. */
  readonly lasts: readonly number[]
  /** Messages that did not follow the one before. */
  readonly astray: number
  /** Of all sockets here, whether they read or not. */
  readonly closed: number
}

/** For whoever does not come back at all. */
const PATIENCE_MS = 60_000

export class Returning {
  readonly #sockets: readonly RawSocket[]
  readonly #tally: Tally
  #trails: Trail[] = []

  constructor(sockets: readonly RawSocket[], tally: Tally) {
    this.#sockets = sockets
    this.#tally = tally
  }

  /** Resolves when all of them have come to the offset, with the seconds; at the latest in a minute. */
  async readOn(count: number, upTo: number): Promise<number> {
    const beganAt = performance.now()
    const every = Math.max(1, Math.floor(this.#sockets.length / count))
    const sockets = this.#sockets.filter((_, index) => index % every === 0).slice(0, count)
    this.#trails = sockets.flatMap(({ trail }) => trail ?? [])
    for (const socket of sockets) socket.resume()
    await this.arrival(upTo)
    return (performance.now() - beganAt) / 1000
  }

  async arrival(upTo: number): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS
    while (this.#trails.some(({ last }) => !(last >= upTo))) {
      if (performance.now() > deadline) return
      await sleep(5)
    }
  }

  trails(): Trails {
    return {
      firsts: this.#trails.map(({ first }) => first),
      lasts: this.#trails.map(({ last }) => last),
      astray: this.#trails.reduce((sum, { astray }) => sum + astray, 0),
      closed: this.#tally.soFar().closed,
    }
  }
}
