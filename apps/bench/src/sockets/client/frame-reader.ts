// Reads WebSocket frames of a server from chunks that end anywhere. Payloads are skipped, unless
// somebody wants one: whoever counts must not cost more than whoever sends.

export interface FrameSink {
  /** Whether the payload of a frame that begins shall be kept. */
  wants(opcode: number, length: number): boolean
  /** A frame came to its end. */
  frame(opcode: number, length: number, payload: Buffer | undefined): void
}

/** What the next byte belongs to. */
const Part = { opcode: 0, length: 1, moreLength: 2, payload: 3 } as const

export class FrameReader {
  readonly #sink: FrameSink
  #part: number = Part.opcode
  #opcode = 0
  #length = 0
  /** Bytes of the part that are still to come. */
  #left = 0
  #kept: Buffer[] | undefined

  constructor(sink: FrameSink) {
    this.#sink = sink
  }

  /** Takes `chunk` from `start` to `end`; it may be reused afterwards. */
  push(chunk: Buffer, start: number, end: number): void {
    let at = start
    while (at < end) {
      if (this.#part === Part.payload) at = this.#skip(chunk, at, end)
      else this.#head(chunk[at++] as number)
    }
  }

  #skip(chunk: Buffer, at: number, end: number): number {
    const next = at + Math.min(this.#left, end - at)
    // A copy: the chunk is its owner's.
    this.#kept?.push(Buffer.from(chunk.subarray(at, next)))
    this.#left -= next - at
    if (this.#left === 0) this.#finish()
    return next
  }

  #head(byte: number): void {
    if (this.#part === Part.opcode) {
      this.#opcode = byte & 0x0f
      this.#part = Part.length
    } else if (this.#part === Part.length) {
      const short = byte & 0x7f
      this.#length = short < 126 ? short : 0
      this.#left = short < 126 ? 0 : short === 126 ? 2 : 8
      if (this.#left === 0) this.#begin()
      else this.#part = Part.moreLength
    } else {
      this.#length = this.#length * 256 + byte
      if (--this.#left === 0) this.#begin()
    }
  }

  #begin(): void {
    this.#part = Part.payload
    this.#left = this.#length
    this.#kept = this.#sink.wants(this.#opcode, this.#length) ? [] : undefined
    if (this.#left === 0) this.#finish()
  }

  #finish(): void {
    const kept = this.#kept
    this.#kept = undefined
    this.#part = Part.opcode
    this.#sink.frame(this.#opcode, this.#length, kept && Buffer.concat(kept))
  }
}
