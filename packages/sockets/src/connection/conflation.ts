// The newest message of each key, for a peer that has to catch up.

import type { SlowConsumer } from '@chan/core/connections'
import type { Message } from '@chan/protocol'
import type { Frame } from '../port/frame.js'

/** @internal */
export class Conflation {
  readonly #slow: SlowConsumer
  readonly #newest = new Map<string, Frame>()
  /** Bytes of what is kept. */
  bytes = 0

  constructor(slow: SlowConsumer) {
    this.#slow = slow
  }

  /** How many keys have one. */
  get size(): number {
    return this.#newest.size
  }

  /** Keeps the frame instead of an earlier one of its key. */
  add(frame: Frame, message: Message): void {
    const key = this.#slow.keyOf(message)
    const older = this.#newest.get(key)
    if (older) {
      this.#slow.counts.conflated++
      this.bytes -= older.bytes
      // To the end: frames leave in the order of their offsets.
      this.#newest.delete(key)
    }
    this.#newest.set(key, frame)
    this.bytes += frame.bytes
  }

  /** In the order of arrival. */
  [Symbol.iterator](): Iterator<Frame> {
    return this.#newest.values()
  }
}
