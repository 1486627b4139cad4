// Publishes that wait for their batch, bounded, in call order, each with its deadline.

import { ChanError, type Clock, type Timer } from '@chan/core/backend'
import type { Unit } from './unit.js'

/** Messages and bytes of bodies that may wait; above either a publish is refused at once. */
const MAX_PENDING = 10_000
const MAX_PENDING_BYTES = 64 * 1024 * 1024
/** Messages and bytes of bodies of one batch. */
const MAX_BATCH = 2000
const MAX_BATCH_BYTES = 1024 * 1024

/** A queue of units, taken in batches. */
export class Pending {
  readonly #clock: Clock
  readonly #deadlineMs: number
  readonly #expired: (unit: Unit) => unknown
  #units: Unit[] = []
  #head = 0
  #messages = 0
  #bytes = 0
  #timer: Timer | undefined

  /** @param expired what a unit is rejected with whose time is up before it was taken */
  constructor(clock: Clock, deadlineMs: number, expired: (unit: Unit) => unknown) {
    this.#clock = clock
    this.#deadlineMs = deadlineMs
    this.#expired = expired
  }

  /** Messages that wait. */
  get length(): number {
    return this.#messages
  }

  /** Whether the next batch cannot grow any more by waiting. */
  get hasFullBatch(): boolean {
    return this.#messages >= MAX_BATCH || this.#bytes >= MAX_BATCH_BYTES
  }

  /** When a call that is added now has waited long enough. */
  deadline(): number {
    return this.#clock.now() + this.#deadlineMs
  }

  /** Adds a call. @throws {ChanError} `limit-reached` above the bounds */
  add(unit: Unit): void {
    const { length, bytes } = unit
    const tooMany = this.#messages + length > Math.max(MAX_PENDING, length)
    if (tooMany || (this.#bytes + bytes > MAX_PENDING_BYTES && this.#messages > 0)) {
      throw tooManyPending(this.#messages)
    }
    this.#units.push(unit)
    this.#messages += length
    this.#bytes += bytes
    this.#timer ??= this.#clock.after(this.#deadlineMs, this.#expire)
  }

  /** The next batch: a call for many channels by itself, else as many single ones as fit. */
  take(): Unit[] {
    const units: Unit[] = []
    let messages = 0
    let bytes = 0
    while (this.#head < this.#units.length && messages < MAX_BATCH) {
      const unit = this.#units[this.#head] as Unit
      const alone = unit.shared || units[0]?.shared
      if (units.length > 0 && (alone || bytes + unit.bytes > MAX_BATCH_BYTES)) break
      this.#remove(unit)
      messages += unit.length
      bytes += unit.bytes
      units.push(unit)
    }
    this.#compact()
    return units
  }

  /** Rejects everything that waits. */
  close(reason: unknown): void {
    this.#timer?.cancel()
    for (const unit of this.#units.slice(this.#head)) unit.reject(reason)
    this.#units = []
    this.#head = 0
    this.#messages = 0
    this.#bytes = 0
  }

  readonly #expire = (): void => {
    this.#timer = undefined
    const now = this.#clock.now()
    for (let unit = this.#units[this.#head]; unit; unit = this.#units[this.#head]) {
      if (unit.expiresAt > now) {
        this.#timer = this.#clock.after(unit.expiresAt - now, this.#expire)
        break
      }
      this.#remove(unit)
      unit.reject(this.#expired(unit))
    }
    this.#compact()
  }

  /** The first one that waits. */
  #remove(unit: Unit): void {
    this.#head++
    this.#messages -= unit.length
    this.#bytes -= unit.bytes
  }

  #compact(): void {
    if (this.#head < 1_024 && this.#head < this.#units.length) return
    this.#units = this.#units.slice(this.#head)
    this.#head = 0
  }
}

function tooManyPending(actual: number): ChanError {
  return new ChanError(
    'limit-reached',
    `${actual} publishes wait for the database already.`,
    'Await publishes, so that they are made no faster than they are stored; or publish less.',
    { details: { limit: MAX_PENDING, actual } },
  )
}
