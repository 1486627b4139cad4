// The newest message of each key, for a peer that has to catch up.

import type { Frame } from '../port/frame.js'

/** @internal */
export class Conflation {
  readonly #newest = new Map<string, Frame>()
  /** Bytes of what is kept. */
  bytes = 0

  /** Keeps the frame instead of an earlier one of its key. */
  add(frame: Frame): void {
    const { message, slow } = frame
    // Names hold no control characters.
    const key = `${message.channel}\0${slow.keyOf(message)}`
    const older = this.#newest.get(key)
    if (older) {
      slow.counts.conflated++
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
