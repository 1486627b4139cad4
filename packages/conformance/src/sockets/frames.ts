// WebSocket frames as bytes, written and read by hand: the suite must be able to break every rule.

/** Opcodes of RFC 6455. */
export const Opcode = {
  continuation: 0,
  text: 1,
  binary: 2,
  close: 8,
  ping: 9,
  pong: 10,
} as const

/** How to write a frame; what is left out is as it should be for a client. */
export interface FrameShape {
  readonly opcode?: number
  readonly fin?: boolean
  readonly masked?: boolean
}

/** A frame that arrived. */
export interface ReceivedFrame {
  readonly opcode: number
  readonly payload: Buffer
}

/** One frame as a client sends it. */
export function encodeFrame(data: string | Buffer, shape: FrameShape = {}): Buffer {
  const { opcode = Opcode.text, fin = true, masked = true } = shape
  const payload = Buffer.from(data)
  const head = [(fin ? 0x80 : 0) | opcode]
  const mark = masked ? 0x80 : 0
  if (payload.length < 126) head.push(mark | payload.length)
  else if (payload.length < 65_536) head.push(mark | 126, payload.length >> 8, payload.length & 255)
  else {
    const length = Buffer.alloc(8)
    length.writeBigUInt64BE(BigInt(payload.length))
    head.push(mark | 127, ...length)
  }
  if (!masked) return Buffer.concat([Buffer.from(head), payload])
  const mask = [0x12, 0x34, 0x56, 0x78]
  for (let i = 0; i < payload.length; i++) payload[i] = (payload[i] ?? 0) ^ (mask[i % 4] ?? 0)
  return Buffer.concat([Buffer.from([...head, ...mask]), payload])
}

/** A close frame's payload. */
export function closePayload(code: number, reason = ''): Buffer {
  return Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)])
}

/** Cuts a server's bytes into frames. Servers must not fragment or mask what Chan sends. */
export class FrameReader {
  #chunks: Buffer[] = []
  #length = 0

  read(chunk: Buffer): ReceivedFrame[] {
    const frames: ReceivedFrame[] = []
    this.#chunks.push(chunk)
    this.#length += chunk.length
    for (;;) {
      const head = this.#peek(10)
      if (head.length < 2) return frames
      const [first = 0, second = 0] = head
      if ((second & 0x80) !== 0) throw new Error('a server must not mask')
      if ((first & 0x80) === 0) throw new Error('a fragment')
      let length = second & 0x7f
      let start = 2
      if (length === 126) start = 4
      if (length === 127) start = 10
      if (head.length < start) return frames
      if (start === 4) length = head.readUInt16BE(2)
      if (start === 10) length = Number(head.readBigUInt64BE(2))
      if (this.#length < start + length) return frames
      const all = this.#take(start + length)
      frames.push({ opcode: first & 15, payload: all.subarray(start) })
    }
  }

  #peek(count: number): Buffer {
    const first = this.#chunks[0]
    if (first && (first.length >= count || this.#chunks.length === 1)) return first
    this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0] as Buffer
  }

  #take(count: number): Buffer {
    const all =
      this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks)
    const rest = all.subarray(count)
    this.#chunks = rest.length > 0 ? [rest] : []
    this.#length = rest.length
    return all.subarray(0, count)
  }
}
