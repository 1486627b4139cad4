// Reads WebSocket frames of a server from chunks that end anywhere. Payloads are skipped, but for what
// somebody wants of one: whoever counts must not cost more than whoever sends.

export interface FrameSink {
  /** How many of the last bytes of a payload that begins shall be kept. */
  wants(opcode: number, length: number): number
  /** A frame came to its end; `kept` is undefined where nothing was wanted. */
  frame(opcode: number, length: number, kept: Buffer | undefined): void
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
  /** Of a payload: how many of its last bytes are kept, and those that came. */
  #wanted = 0
  #kept: Buffer[] = []

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
    const from = at + Math.max(0, this.#left - this.#wanted)
    // A copy: the chunk is its owner's.
    if (from < next) this.#kept.push(Buffer.from(chunk.subarray(from, next)))
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
    this.#wanted = this.#sink.wants(this.#opcode, this.#length)
    if (this.#left === 0) this.#finish()
  }

  #finish(): void {
    const kept = this.#wanted > 0 ? Buffer.concat(this.#kept) : undefined
    this.#kept = []
    this.#part = Part.opcode
    this.#sink.frame(this.#opcode, this.#length, kept)
  }
}
