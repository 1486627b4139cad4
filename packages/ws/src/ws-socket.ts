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
  #unwritten = 0
  #waiting = false
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
    ws.on('pong', onPong)
    ws.on('error', onError)
    ws.on('close', onClose)
    if (ws.readyState === CLOSED) queueMicrotask(() => this.closed(1006, ''))
  }

  get bufferedBytes(): number {
    return this.#raw ? this.#raw.writableLength : this.#ws.bufferedAmount
  }

  send(frame: string): SendOutcome {
    if (this.#ws.readyState !== OPEN) return 'dropped'
    this.#ws.send(frame, this.#writing())
    if (this.#ws.bufferedAmount === 0) return 'sent'
    this.#waiting = true
    return 'buffered'
  }

  /**
   * Sends all frames of the bundle. ws itself, without an extension, writes its frames to the stream
   * at once, so they keep their order with these.
   */
  write(bundle: Bundle): void {
    const raw = this.#raw
    if (raw === undefined) for (const { text } of bundle.frames) this.send(text)
    else if (this.#ws.readyState === OPEN) {
      raw.write(framed(bundle), this.#writing())
      if (raw.writableLength > 0) this.#waiting = true
    }
  }

  ping(): void {
    if (this.#ws.readyState === OPEN) this.#ws.ping()
  }

  close(code: number, reason: string): void {
    if (this.#ws.readyState === OPEN) this.#ws.close(code, reason)
  }

  terminate(): void {
    this.#ws.terminate()
  }

  message(data: unknown, isBinary: boolean): void {
    // ws gives the whole message in one buffer; as text it has checked its UTF-8.
    this.#handler?.message(isBinary ? new Uint8Array() : String(data))
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

  /** Counted, because ws puts frames of its own between ours: its buffer alone tells too little. */
  #writing(): () => void {
    this.#unwritten++
    this.#written ??= () => {
      if (--this.#unwritten > 0 || !this.#waiting) return
      this.#waiting = false
      this.#handler?.drain()
    }
    return this.#written
  }
}

// One listener for all sockets of each event: ws calls it with itself as `this`.

const adapted = new WeakMap<AcceptedSocket, WsSocket>()

function onMessage(this: AcceptedSocket, data: unknown, isBinary: boolean): void {
  adapted.get(this)?.message(data, isBinary)
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
