// A WebSocket client on bare TCP, which can do what no decent client does: stop reading, break
// frames, ignore pings, vanish.

import { connect, type Socket } from 'node:net'
import { closePayload, encodeFrame, FrameReader, type FrameShape, Opcode } from './frames.js'

const PATIENCE_MS = 10_000

/** How to connect. */
export interface ConnectOptions {
  readonly path?: string
  /** A list is sent as a header that is repeated. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  /** Bytes right behind the request, in one packet with it. */
  readonly early?: Buffer
  /** Leave out what makes it a WebSocket request. */
  readonly bare?: boolean
}

/** How the server closed. */
export interface Closed {
  /** Of the server's close frame; 1006 where none came, 1005 where it was empty. */
  readonly code: number
  readonly reason: string
}

/** A request that was sent, on its way to become a WebSocket. */
export class RawClient {
  /** Text frames that arrived, in order. */
  readonly received: string[] = []
  pings = 0
  pongs: string[] = []
  /** Answer pings and close frames, as a decent client does. */
  polite = true
  /** Of the response; 0 until it came. */
  status = 0
  /** Of a response that is no upgrade. */
  body = ''
  responseHead = ''
  readonly socket: Socket
  readonly #reader = new FrameReader()
  readonly #waiting = new Set<() => void>()
  #read = 0
  #unparsed = Buffer.alloc(0)
  #close: Closed | undefined
  #ended = false

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1')
    this.socket.setNoDelay()
    this.socket.on('data', (chunk) => this.#take(chunk))
    this.socket.on('error', () => {})
    this.socket.on('end', () => this.#end())
    this.socket.on('close', () => this.#end())
  }

  /** Sends an upgrade request and waits for the answer, whatever it is. */
  static async open(port: number, options: ConnectOptions = {}): Promise<RawClient> {
    const client = new RawClient(port)
    client.request(port, options)
    await client.until('an answer to the upgrade', () => client.status > 0 || client.#ended)
    if (client.status !== 101) await client.closed()
    return client
  }

  request(port: number, { path = '/', headers = {}, early, bare }: ConnectOptions): void {
    const lines = [`GET ${path} HTTP/1.1`, `Host: 127.0.0.1:${port}`]
    lines.push('Connection: Upgrade', 'Upgrade: websocket')
    if (!bare)
      lines.push('Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==')
    for (const [name, values] of Object.entries(headers)) {
      for (const value of [values].flat()) lines.push(`${name}: ${value}`)
    }
    const request = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)
    this.socket.write(early ? Buffer.concat([request, early]) : request)
  }

  send(text: string | Buffer, shape?: FrameShape): void {
    this.socket.write(encodeFrame(text, shape))
  }

  /** Sends so many pings in one write, which is not at the mercy of what the client reads. */
  ping(payload = '', count = 1): void {
    const frame = encodeFrame(payload, { opcode: Opcode.ping })
    this.socket.write(Buffer.concat(Array<Buffer>(count).fill(frame)))
  }

  /** The next text frame. */
  async next(): Promise<string> {
    const at = this.#read++
    await this.until(`text frame ${at + 1}`, () => this.received.length > at || this.#ended)
    const text = this.received[at]
    if (text === undefined) throw new Error(`closed with ${this.#close?.code} instead of a frame`)
    return text
  }

  /** The data of the next message. */
  async nextData(): Promise<unknown> {
    return (JSON.parse(await this.next()) as { data: unknown }).data
  }

  /** Data of all messages that arrived so far. */
  get data(): unknown[] {
    return this.received.map((text) => (JSON.parse(text) as { data: unknown }).data)
  }

  /** Begins the closing handshake. */
  close(code = 1000, reason = ''): void {
    this.send(closePayload(code, reason), { opcode: Opcode.close })
  }

  /** Leaves without a word: the server gets a reset. */
  vanish(): void {
    this.socket.resetAndDestroy()
  }

  /** Waits until the connection is over. */
  async closed(): Promise<Closed> {
    await this.until('the end of the connection', () => this.#ended)
    this.socket.destroy()
    return this.#close ?? { code: 1006, reason: '' }
  }

  get isOver(): boolean {
    return this.#ended
  }

  /** Waits for something that arrives. */
  until(what: string, condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(look)
        reject(new Error(`${what}: not within ${PATIENCE_MS} ms`))
      }, PATIENCE_MS)
      const look = () => {
        if (!condition()) return
        clearTimeout(timer)
        this.#waiting.delete(look)
        resolve()
      }
      this.#waiting.add(look)
    })
  }

  #take(chunk: Buffer): void {
    if (this.status !== 101) this.#takeResponse(chunk)
    else for (const { opcode, payload } of this.#reader.read(chunk)) this.#frame(opcode, payload)
    for (const look of this.#waiting) look()
  }

  #takeResponse(chunk: Buffer): void {
    this.#unparsed = Buffer.concat([this.#unparsed, chunk])
    const end = this.#unparsed.indexOf('\r\n\r\n')
    if (end < 0) return
    this.responseHead = this.#unparsed.subarray(0, end).toString()
    this.status = Number(/^HTTP\/1\.1 (\d+)/.exec(this.responseHead)?.[1] ?? -1)
    const rest = this.#unparsed.subarray(end + 4)
    if (this.status !== 101) this.body = rest.toString()
    else {
      this.#unparsed = Buffer.alloc(0)
      if (rest.length > 0) this.#take(rest)
    }
  }

  #frame(opcode: number, payload: Buffer): void {
    if (opcode === Opcode.text) this.received.push(payload.toString())
    if (opcode === Opcode.pong) this.pongs.push(payload.toString())
    if (opcode === Opcode.ping) {
      this.pings++
      if (this.polite) this.send(payload, { opcode: Opcode.pong })
    }
    if (opcode !== Opcode.close) return
    const code = payload.length >= 2 ? payload.readUInt16BE(0) : 1005
    this.#close ??= { code, reason: payload.subarray(2).toString() }
    if (this.polite && this.socket.writable) this.send(payload, { opcode: Opcode.close })
  }

  #end(): void {
    this.#ended = true
    for (const look of this.#waiting) look()
  }
}
