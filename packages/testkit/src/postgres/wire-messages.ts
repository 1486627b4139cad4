// Messages of PostgreSQL's protocol 3.0, as far as a pooler has to understand them.

export interface WireMessage {
  /** One letter; empty for a client's first message, which has none. */
  readonly type: string
  readonly body: Buffer
  /** The whole message, to be passed on. */
  readonly raw: Buffer
}

export class MessageReader {
  #buffer: Buffer = Buffer.alloc(0)
  /** A client begins with messages without a type, and goes on with typed ones. */
  typed: boolean

  constructor(typed: boolean) {
    this.typed = typed
  }

  /** The messages that are complete. Lazily: `typed` may change between two. */
  *read(chunk: Buffer): Generator<WireMessage> {
    this.#buffer = this.#buffer.length > 0 ? Buffer.concat([this.#buffer, chunk]) : chunk
    for (;;) {
      const head = this.typed ? 1 : 0
      if (this.#buffer.length < head + 4) return
      const end = head + this.#buffer.readInt32BE(head)
      if (end < head + 4) throw new Error('Not the PostgreSQL protocol')
      if (this.#buffer.length < end) return
      const raw = this.#buffer.subarray(0, end)
      this.#buffer = this.#buffer.subarray(end)
      yield { type: raw.toString('latin1', 0, head), body: raw.subarray(head + 4), raw }
    }
  }
}

export function encodeMessage(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(type.length + 4)
  head.write(type, 'latin1')
  head.writeInt32BE(body.length + 4, type.length)
  return Buffer.concat([head, body])
}

const VERSION_3_0 = Buffer.from([0, 3, 0, 0])

export function encodeStartup(parameters: Readonly<Record<string, string>>): Buffer {
  const pairs = Object.entries(parameters).flatMap(([name, value]) => [text(name), text(value)])
  return encodeMessage('', Buffer.concat([VERSION_3_0, ...pairs, Buffer.from([0])]))
}

/** The parameters behind the version of a startup message. */
export function decodeStartup(body: Buffer): Record<string, string> {
  const parts = body.toString('utf8', 4).split('\0')
  const parameters: Record<string, string> = {}
  for (let i = 0; parts[i]; i += 2) parameters[parts[i] as string] = parts[i + 1] ?? ''
  return parameters
}

/** A fatal ErrorResponse. */
export function encodeFatal(code: string, message: string): Buffer {
  const fields = [text('SFATAL'), text('VFATAL'), text(`C${code}`), text(`M${message}`)]
  return encodeMessage('E', Buffer.concat([...fields, Buffer.from([0])]))
}

function text(value: string): Buffer {
  return Buffer.from(`${value}\0`)
}
