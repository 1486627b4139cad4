// The frames that a socket gets in one turn of the event loop. Sockets with the same list of frames
// share one bundle: a bundle remembers what the list becomes with the next frame, so a thousand
// sockets of a channel walk through the same few objects, and one buffer serves them all.

import type { Frame } from './frame.js'

/** A list of frames, in order. Immutable but for what adapter and turn note on it. */
export class Bundle {
  /** Bytes of all texts in UTF-8, without what the wire adds. */
  readonly bytes: number
  readonly length: number
  /** For the adapter, to keep what it made of the list. */
  wire: unknown = undefined
  /** @internal Its place among the lists of a turn that is being written; -1 outside. */
  place = -1
  readonly #before: Bundle | undefined
  readonly #last: Frame | undefined
  #next: Bundle | undefined

  private constructor(before?: Bundle, last?: Frame) {
    this.#before = before
    this.#last = last
    this.bytes = before && last ? before.bytes + last.bytes : 0
    this.length = before ? before.length + 1 : 0
  }

  /** @internal The list to begin with. */
  static empty(): Bundle {
    return new Bundle()
  }

  /** @internal The list with one frame more: the same object for the same frame, in the usual case. */
  with(frame: Frame): Bundle {
    const next = this.#next
    if (next !== undefined && next.#last === frame) return next
    this.#next = new Bundle(this, frame)
    return this.#next
  }

  /** The frames, in order. */
  get frames(): readonly Frame[] {
    const frames = new Array<Frame>(this.length)
    for (let at: Bundle = this; at.#before; at = at.#before)
      frames[at.length - 1] = at.#last as Frame
    return frames
  }
}
