// Counts what all sockets of this process receive, tells the publisher how far it is, and takes the
// age of messages that were looked into.

import { nowMicros } from '../../measure/clock.js'
import { type Quantiles, quantilesOf } from '../../measure/numbers.js'
import { ageOf } from '../message.js'

export interface Received {
  readonly deliveries: number
  /** Of payloads. */
  readonly bytes: number
  /** When the last one came, by `nowMicros`. */
  readonly endedAt: number
  /** From publish to arrival, in milliseconds, of the sockets that are sampled. */
  readonly latency: Quantiles
  /** Connections that ended in the meantime. */
  readonly closed: number
}

/** With nothing coming for this long, the rest is taken for lost. */
const SILENCE_MS = 15_000

export class Tally {
  readonly #ack: (deliveries: number) => void
  #deliveries = 0
  #bytes = 0
  #closed = 0
  #endedAt = 0
  #ages: number[] = []
  #expected = Number.POSITIVE_INFINITY
  #ackEvery = Number.POSITIVE_INFINITY
  #nextAck = Number.POSITIVE_INFINITY
  #done: (() => void) | undefined

  constructor(ack: (deliveries: number) => void) {
    this.#ack = ack
  }

  /** Begins a run. */
  expect(deliveries: number, ackEvery = Number.POSITIVE_INFINITY): void {
    this.#deliveries = 0
    this.#bytes = 0
    this.#closed = 0
    this.#ages = []
    this.#expected = deliveries
    this.#ackEvery = ackEvery
    this.#nextAck = Math.min(ackEvery, deliveries)
  }

  /** The run that has begun comes to so many. */
  expectInAll(deliveries: number): void {
    this.#expected = deliveries
    this.#nextAck = deliveries
  }

  get deliveries(): number {
    return this.#deliveries
  }

  take(bytes: number): void {
    this.#bytes += bytes
    if (++this.#deliveries >= this.#nextAck) this.#milestone()
  }

  look(payload: Buffer): void {
    this.#ages.push(ageOf(payload.toString('latin1')))
  }

  closed(): void {
    this.#closed++
  }

  /** What the run came to. Rejects when no more comes. */
  async received(): Promise<Received> {
    if (this.#deliveries < this.#expected) await this.#all()
    return this.soFar()
  }

  soFar(): Received {
    return {
      deliveries: this.#deliveries,
      bytes: this.#bytes,
      endedAt: this.#endedAt || nowMicros(),
      latency: quantilesOf([...this.#ages]),
      closed: this.#closed,
    }
  }

  #milestone(): void {
    this.#endedAt = nowMicros()
    this.#nextAck = Math.min(this.#deliveries + this.#ackEvery, this.#expected)
    // Above what was expected every delivery is told, and found out as one too many.
    this.#ack(this.#deliveries)
    if (this.#deliveries >= this.#expected) this.#done?.()
  }

  #all(): Promise<void> {
    return new Promise((resolve, reject) => {
      let seen = -1
      const timer = setInterval(() => {
        if (this.#deliveries === seen) end(new Error(this.#lament()))
        seen = this.#deliveries
      }, SILENCE_MS)
      const end = (error?: Error) => {
        clearInterval(timer)
        this.#done = undefined
        if (error) reject(error)
        else resolve()
      }
      this.#done = end
    })
  }

  #lament(): string {
    const closed = this.#closed ? `, ${this.#closed} connections were closed` : ''
    return `Deliveries were lost: ${this.#deliveries} of ${this.#expected} came${closed}`
  }
}
