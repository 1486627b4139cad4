// Stores what was published inside transactions, once these have committed. Any number of processes
// look; in the database one at a time stores.

import { ChanError, type Clock } from '@chan/core/backend'
import { sqlState } from '../connection/errors.js'
import { Repeater } from '../housekeeping/repeater.js'
import type { RunQuery } from '../log/reader.js'
import { ForeignTransactions } from './foreign-transactions.js'

/** What a relay needs. */
export interface RelayHost {
  readonly clock: Clock
  /** The quoted schema. */
  readonly schema: string
  /** Runs a statement that changes something and may run twice. */
  readonly query: RunQuery
  /** How often, in milliseconds, to look for what others have committed; 0: never. */
  readonly pollMs: number
  /** History of channels whose publishers name no limits. */
  readonly defaultHistory: number
  /** How many processes share the probing. */
  processes(): number
  report(error: unknown): void
}

interface Relayed {
  /** Null while another process relays. */
  readonly taken: number | null
  readonly more: boolean
  readonly known: string
  /** Of the transactions asked about, those that may still leave rows. */
  readonly waiting: readonly string[]
  /** A row that was set aside. */
  readonly failed: string | null
}

const MOST_ROWS = 500
const MOST_BYTES = 1024 * 1024
/** Under load runs begin this far apart, in milliseconds, so that more goes with each commit. */
const GATHER_MS = 10
/** All rows are looked at this often, whatever is believed to be known. */
const SWEEP_MS = 60_000
/** A single row is tried this often, with pauses in between, before it is set aside. */
const ATTEMPTS = 3

export class Relay {
  readonly #host: RelayHost
  readonly #statement: string
  readonly #repeater: Repeater
  readonly #foreign = new ForeignTransactions()
  /** What earlier runs have seen; an opaque text of the database's. */
  #known: string | null = null
  /** Grows when what is known is not to be relied on any more. */
  #life = 0
  #sweepAt = 0
  #startedAt = 0
  #busy = false
  #limit = MOST_ROWS
  #attempts = 0
  /** Rows stored by this process. */
  relayed = 0

  constructor(host: RelayHost) {
    this.#host = host
    this.#statement = `select taken, more, known, waiting::text[], failed
      from ${host.schema}.relay($1, $2, $3, $4, $5, $6)`
    this.#repeater = new Repeater({
      clock: host.clock,
      step: () => this.#run(),
      report: (error) => host.report(error),
    })
  }

  /** Begins, or goes on. What was known is not relied on: this may be another server. */
  start(): void {
    this.#known = null
    this.#life++
    this.#repeater.start()
  }

  /** The database is away. */
  pause(): void {
    this.#repeater.pause()
  }

  /** A transaction of this process has committed. */
  kick(): void {
    const since = this.#host.clock.now() - this.#startedAt
    this.#repeater.wake(this.#busy ? Math.max(0, GATHER_MS - since) : 0)
  }

  /** A transaction that this process published in may commit soon. */
  expect(xid: string | undefined): void {
    const now = this.#host.clock.now()
    this.#foreign.add(xid, now)
    this.#repeater.wake(this.#foreign.pause(now))
  }

  close(): Promise<void> {
    return this.#repeater.close()
  }

  async #run(): Promise<number> {
    const { clock, query, defaultHistory } = this.#host
    const started = clock.now()
    this.#startedAt = started
    const life = this.#life
    const sweeps = started >= this.#sweepAt
    const asked = this.#foreign.ids(started)
    let relayed: Relayed
    try {
      const [row] = await query<Relayed>(this.#statement, [
        this.#limit,
        MOST_BYTES,
        defaultHistory,
        sweeps ? null : this.#known,
        `{${asked.join(',')}}`,
        this.#attempts >= ATTEMPTS,
      ])
      relayed = row as Relayed
    } catch (error) {
      return this.#refused(error)
    }
    const now = clock.now()
    // Where dead rows cannot be cleaned up a sweep is slow: it takes a hundredth of the time.
    if (sweeps) this.#sweepAt = now + Math.max(SWEEP_MS, 100 * (now - started))
    if (life === this.#life) this.#known = relayed.known
    this.#foreign.keep(asked, new Set(relayed.waiting))
    return this.#pauseAfter(relayed, now)
  }

  #pauseAfter({ taken, more, failed }: Relayed, now: number): number {
    this.#busy = taken !== 0
    if (taken !== null && taken > 0) {
      this.relayed += taken
      this.#limit = Math.min(MOST_ROWS, this.#limit * 2)
      this.#attempts = 0
    }
    if (failed !== null) this.#host.report(setAside(failed))
    if (more) return 0
    return Math.min(this.#foreign.pause(now), this.#poll())
  }

  /** Together the processes probe as often as a single one would, or a little more. */
  #poll(): number {
    const { pollMs, processes } = this.#host
    if (pollMs === 0) return Infinity
    return pollMs * Math.max(1, processes() / 4) * (0.75 + Math.random() / 2)
  }

  /**
   * A row that cannot be stored fails alone: fewer and fewer are taken, until it is the only one, and
   * then it is set aside. Everything else that fails is no row's fault.
   */
  #refused(error: unknown): number {
    const blamesRow = /^(22|23|54)/.test(sqlState(error) ?? '')
    if (!blamesRow || this.#attempts >= ATTEMPTS) throw error
    if (this.#limit > 1) {
      this.#limit = this.#limit >> 1
      return 0
    }
    this.#attempts++
    return 100
  }
}

function setAside(row: string): ChanError {
  return new ChanError(
    'invalid-payload',
    `A message that was published inside a transaction could not be stored: ${row}.`,
    'It is kept in the table outbox_failed. Remove it there, or mend it and call requeue_failed().',
  )
}
