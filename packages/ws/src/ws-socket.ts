// A `ws` WebSocket as core's `Socket`: moves bytes, tells the truth about them, and nothing else.

import type { Bundle, SendOutcome, Socket, SocketHandler } from '@chan/sockets'
import type { AcceptedSocket, RawStream } from './accepted-socket.js'
import { framed } from './fan-out.js'
import { violationOf } from './violation.js'

const OPEN = 1
const CLOSED = 3

/** @internal */
export class WsSocket implements Socket {
  readonly #ws: AcceptedSocket
  /** Where frames may go past ws: with an extension they must not, for it changes them. */
  readonly #raw: RawStream | undefined
  #handler: SocketHandler | undefined
  /** Callbacks that are to come. */
  #unwritten = 0
  /** The most that waited since a part of it was seen leaving; 0 if nothing does. */
  #waiting = 0
  /** What was seen leaving, where the stream does not tell. */
  #left = 0
  #sent = 0
  /** Made with the first frame: a quiet socket has no closures of its own. */
  #written: (() => void) | undefined
  #violation: { readonly code: number; readonly reason: string } | undefined

  constructor(ws: AcceptedSocket) {
    this.#ws = ws
    this.#raw = ws.extensions === '' && ws._socket ? ws._socket : undefined
  }

  /** Hands everything that happens from now on to the handler. */
  listen(handler: SocketHandler): void {
    const ws = this.#ws
    this.#handler = handler
    adapted.set(ws, this)
    ws.on('message', onMessage)
    ws.on('ping', onPing)
    ws.on('pong', onPong)
    ws.on('error', onError)
    ws.on('close', onClose)
    if (ws.readyState === CLOSED) queueMicrotask(() => this.closed(1006, ''))
  }

  get bufferedBytes(): number {
    return this.#raw ? this.#raw.writableLength : this.#ws.bufferedAmount
  }

  get sentBytes(): number {
    // A stream that is gone does not tell any more, and more has not left since.
    const seen = this.#ws.readyState === OPEN ? this.#left : 0
    const sent = sentBy(this.#ws._socket) ?? seen
    if (sent > this.#sent) this.#sent = sent
    return this.#sent
  }

  send(frame: string): SendOutcome {
    if (this.#ws.readyState !== OPEN) return 'dropped'
    this.#ws.send(frame, this.#writing())
    return this.#given(this.#ws.bufferedAmount, frame.length) ? 'sent' : 'buffered'
  }

  /**
   * Sends all frames of the bundle. ws itself, without an extension, writes its frames to the stream
   * at once, so they keep their order with these.
   */
  write(bundle: Bundle): void {
    const raw = this.#raw
    if (raw === undefined) for (const { text } of bundle.frames) this.send(text)
    else if (this.#ws.readyState === OPEN) {
      const bytes = framed(bundle)
      raw.write(bytes, this.#writing())
      this.#given(raw.writableLength, bytes.length)
    }
  }

  ping(): void {
    if (this.#ws.readyState !== OPEN) return
    this.#ws.ping()
    this.#look()
  }

  close(code: number, reason: string): void {
    if (this.#ws.readyState !== OPEN) return
    this.#ws.close(code, reason)
    this.#look()
  }

  terminate(): void {
    this.#ws.terminate()
  }

  message(data: unknown, isBinary: boolean): void {
    // ws gives the whole message in one buffer; as text it has checked its UTF-8.
    this.#handler?.message(isBinary ? new Uint8Array() : String(data))
  }

  /** ws has answered a ping. */
  pinged(): void {
    this.#look()
    this.#handler?.ping()
  }

  pong(): void {
    this.#handler?.pong()
  }

  failed(error: Error): void {
    this.#violation ??= violationOf(error)
  }

  closed(closeCode: number, closeReason: string): void {
    const { code, reason } = this.#violation ?? { code: closeCode, reason: closeReason }
    const handler = this.#handler
    this.#handler = undefined
    handler?.closed(code, reason)
  }

  #writing(): () => void {
    this.#unwritten++
    this.#written ??= () => {
      this.#unwritten--
      if (this.#waiting > 0) this.#progress()
    }
    return this.#written
  }

  /** So much waits after a frame of so many bytes. Answers whether nothing does. */
  #given(waiting: number, bytes: number): boolean {
    if (waiting > this.#waiting) this.#waiting = waiting
    if (waiting > 0) return false
    this.#left += bytes
    return true
  }

  /** S4: of the chunks of one write, which are called back together, only the first finds less. */
  #progress(): void {
    const before = this.#waiting
    this.#waiting = 0
    this.#look()
    if (this.#waiting >= before) return
    this.#left += before - this.#waiting
    this.#handler?.drain()
  }

  /**
   * ws writes pings, pongs and close frames without telling when they have left. So where one of them
   * waits and no frame of ours is to be called back, an empty chunk is put behind it.
   */
  #look(): void {
    const waiting = this.bufferedBytes
    if (waiting > this.#waiting) this.#waiting = waiting
    if (waiting === 0 || this.#unwritten > 0) return
    const stream = this.#ws._socket
    // Where the stream itself holds nothing, it would be called back at once.
    if (stream?.writable && stream.writableLength > 0) stream.write(NOTHING, this.#writing())
  }
}

const NOTHING = new Uint8Array()

/** What has left, also of chunks that are halfway gone; undefined where the stream does not tell. */
function sentBy(stream: RawStream | null | undefined): number | undefined {
  const handle = stream?._handle?._parent ?? stream?._handle
  const { bytesWritten, writeQueueSize } = handle ?? {}
  if (bytesWritten === undefined || writeQueueSize === undefined) return undefined
  return bytesWritten - writeQueueSize
}

// One listener for all sockets of each event: ws calls it with itself as `this`.

const adapted = new WeakMap<AcceptedSocket, WsSocket>()

function onMessage(this: AcceptedSocket, data: unknown, isBinary: boolean): void {
  adapted.get(this)?.message(data, isBinary)
}

function onPing(this: AcceptedSocket): void {
  adapted.get(this)?.pinged()
}

function onPong(this: AcceptedSocket): void {
  adapted.get(this)?.pong()
}

function onError(this: AcceptedSocket, error: Error): void {
  adapted.get(this)?.failed(error)
}

function onClose(this: AcceptedSocket, code: number, reason: Uint8Array): void {
  adapted.get(this)?.closed(code, new TextDecoder().decode(reason))
}
