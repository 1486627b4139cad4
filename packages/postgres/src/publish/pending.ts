// Publishes that wait for their batch, bounded, in call order, each with its deadline.

import { ChanError, type Clock, type Message, type Timer } from '@chan/core/backend'
import type { Item } from './batch.js'

/** Messages and bytes of bodies that may wait; above either a publish is refused at once. */
const MAX_PENDING = 10_000
const MAX_PENDING_BYTES = 64 * 1024 * 1024
/** Messages and bytes of bodies of one batch. */
const MAX_BATCH = 500
const MAX_BATCH_BYTES = 1024 * 1024

/** One call of `append` or `appendEach`. */
export interface Unit {
  readonly items: readonly Item[]
  /** The items are one body for many channels, stored together or not at all. */
  readonly shared: boolean
  /** Milliseconds of the clock after which nobody waits any more. */
  readonly expiresAt: number
  resolve(messages: readonly Message[]): void
  reject(error: unknown): void
  /** The caller was answered already: its time was up. */
  settled: boolean
}

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

  /** Adds a call; settles as its batch does. Rejects with `limit-reached` above the bounds. */
  add(items: readonly Item[], shared: boolean): Promise<readonly Message[]> {
    const bytes = sizeOf(items, shared)
    const tooMany = this.#messages + items.length > Math.max(MAX_PENDING, items.length)
    if (tooMany || (this.#bytes + bytes > MAX_PENDING_BYTES && this.#messages > 0)) {
      return Promise.reject(tooManyPending(this.#messages))
    }
    return new Promise((resolve, reject) => {
      const expiresAt = this.#clock.now() + this.#deadlineMs
      this.#units.push({ items, shared, expiresAt, resolve, reject, settled: false })
      this.#messages += items.length
      this.#bytes += bytes
      this.#timer ??= this.#clock.after(this.#deadlineMs, this.#expire)
    })
  }

  /** The next batch: a call for many channels by itself, else as many single ones as fit. */
  take(): Unit[] {
    const units: Unit[] = []
    let messages = 0
    let bytes = 0
    while (this.#head < this.#units.length && messages < MAX_BATCH) {
      const unit = this.#units[this.#head] as Unit
      const size = sizeOf(unit.items, unit.shared)
      const alone = unit.shared || units[0]?.shared
      if (units.length > 0 && (alone || bytes + size > MAX_BATCH_BYTES)) break
      this.#head++
      this.#messages -= unit.items.length
      this.#bytes -= size
      messages += unit.items.length
      bytes += size
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
      this.#head++
      this.#messages -= unit.items.length
      this.#bytes -= sizeOf(unit.items, unit.shared)
      unit.reject(this.#expired(unit))
    }
    this.#compact()
  }

  #compact(): void {
    if (this.#head < 1_024 && this.#head < this.#units.length) return
    this.#units = this.#units.slice(this.#head)
    this.#head = 0
  }
}

function sizeOf(items: readonly Item[], shared: boolean): number {
  if (shared) return (items[0]?.entry.bytes ?? 0) + items.length * 64
  let bytes = 0
  for (const { entry } of items) bytes += entry.bytes
  return bytes
}

function tooManyPending(actual: number): ChanError {
  return new ChanError(
    'limit-reached',
    `${actual} publishes wait for the database already.`,
    'Await publishes, so that they are made no faster than they are stored; or publish less.',
    { details: { limit: MAX_PENDING, actual } },
  )
}
