// Notices doorbells that never came: the number last drawn is compared with the highest heard, and
// only if it stays ahead are the watched channels compared with the database.

import type { Clock, GapCause } from '@chan/core/backend'
import type { Standing, Watched } from './watched.js'

/** How long a doorbell may be on its way, in milliseconds. */
const PATIENCE_MS = 250
/** Channels compared by one query. */
const CHUNK = 5_000

/** What a healer needs. */
export interface HealerHost {
  readonly clock: Clock
  standings(channels: readonly string[]): Promise<readonly Standing[]>
  gap(channel: string, cause: GapCause): void
  /** Doorbells stayed away while the connection stood. */
  lostDoorbells(): void
  report(error: unknown): void
}

export class Healer {
  readonly #host: HealerHost
  readonly #watched: Watched
  #heard = 0
  /** A number that was drawn and not heard yet, and since when that is known. */
  #missing: { readonly number: number; readonly since: number } | undefined
  #comparing = false
  /** Comparisons made because doorbells stayed away. */
  lostDoorbells = 0
  /** Channels that had something to be read. */
  healed = 0

  constructor(host: HealerHost, watched: Watched) {
    this.#host = host
    this.#watched = watched
  }

  /** All doorbells of this number were heard. */
  heard(number: number): void {
    if (number > this.#heard) this.#heard = number
  }

  /** How far the heard doorbells are behind what was drawn, as last seen. */
  get lag(): number {
    return this.#missing ? Math.max(0, this.#missing.number - this.#heard) : 0
  }

  /** The number last drawn, as seen by somebody who looks now and then. */
  drawn(number: number): void {
    if (number <= this.#heard) {
      // A server that lost its unflushed tail, or another one, counts from earlier.
      this.#missing = undefined
      if (number < this.#heard) this.#heard = number
      return
    }
    const now = this.#host.clock.now()
    if (!this.#missing || this.#missing.number <= this.#heard) {
      this.#missing = { number, since: now }
    } else if (now - this.#missing.since >= PATIENCE_MS && !this.#comparing) {
      const { number: missed } = this.#missing
      this.#missing = undefined
      this.lostDoorbells++
      this.#host.lostDoorbells()
      this.compare('lost-doorbell')
        .then(() => this.heard(missed))
        .catch((error: unknown) => this.#host.report(error))
    }
  }

  /** After a connection: numbers drawn before it are taken care of by `compare`. */
  restart(number: number): void {
    this.#heard = number
    this.#missing = undefined
  }

  /** Compares every watched channel with the database and calls `gap` for those behind. */
  async compare(cause: GapCause): Promise<void> {
    this.#comparing = true
    try {
      const { names } = this.#watched
      const versions = this.#watched.versions()
      for (let start = 0; start < names.length; start += CHUNK) {
        for (const standing of await this.#host.standings(names.slice(start, start + CHUNK))) {
          if (!this.#watched.isBehind(standing, versions.get(standing.channel))) continue
          this.healed++
          this.#host.gap(standing.channel, cause)
        }
      }
    } finally {
      this.#comparing = false
    }
  }
}
