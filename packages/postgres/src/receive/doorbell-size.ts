// What fits into one doorbell. PostgreSQL refuses payloads of 8,000 bytes and more, counted after
// encoding.

import { Buffer } from 'node:buffer'
import type { Entry } from '@chan/core/backend'

/** The payload's limit less the longest header: kind, number, remaining, generation. */
export const DOORBELL_BYTES = 7_999 - (2 + 20 + 6 + 17)

/** Longest form of what the database adds to a message: offset, epoch, separators. */
const PLACE_BYTES = 17 + 16 + 8

/** Bytes of a message's record in a doorbell, without its body: an upper bound. */
export function recordBytes(channel: string, entry: Entry): number {
  return PLACE_BYTES + Buffer.byteLength(channel) + stampBytes(entry)
}

/** Bytes of what a message says beside its place and body: an upper bound. */
export function stampBytes({ sender, id }: Entry): number {
  const text = (value: string | null) => (value === null ? 0 : Buffer.byteLength(value))
  // A float's shortest text has at most 24 characters.
  return 24 + text(sender) + text(id) + 4
}

/** Bytes of a record that only says where a message is. */
export function referenceBytes(channel: string): number {
  return PLACE_BYTES + Buffer.byteLength(channel)
}

/** Deals records out to doorbells, in order. */
export class DoorbellPacker {
  #piece = 1
  #free: number
  readonly #capacity: number

  /** @param headBytes what every doorbell begins with */
  constructor(headBytes = 0) {
    this.#capacity = DOORBELL_BYTES - headBytes
    this.#free = this.#capacity
  }

  /** Whether a record of this size fits into any doorbell. */
  fits(bytes: number): boolean {
    return bytes <= this.#capacity
  }

  /** The doorbell, from 1, that takes the next record. */
  place(bytes: number): number {
    if (bytes > this.#free) {
      this.#piece++
      this.#free = this.#capacity
    }
    this.#free -= bytes
    return this.#piece
  }
}
