// What a socket got, by the offsets at the ends of its messages: whether anything is missing, comes
// twice or out of order.

/** Of a message's end: more than follows its offset, and its offset. */
export const TAIL_BYTES = 160

/** Behind the message's data, in which the same may stand. */
const OFFSET = '"offset":'

/** → the offset of the message that ends so; NaN where there is none. */
export function offsetIn(tail: string): number {
  const at = tail.lastIndexOf(OFFSET)
  return at < 0 ? Number.NaN : Number.parseInt(tail.slice(at + OFFSET.length), 10)
}

export class Trail {
  /** Offsets of the first message and of the last one; 0 before there is any. */
  first = 0
  last = 0
  /** Messages that did not follow the one before. */
  astray = 0

  take(payload: Buffer | undefined): void {
    const tail = payload?.subarray(-TAIL_BYTES).toString('latin1') ?? ''
    const offset = offsetIn(tail)
    if (this.first === 0) this.first = offset
    else if (offset !== this.last + 1) this.astray++
    this.last = offset
  }
}
