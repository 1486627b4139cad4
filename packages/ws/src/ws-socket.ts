// A `ws` WebSocket as core's `Socket`: moves bytes, tells the truth about them, and nothing else.

import type { Bundle, SendOutcome, Socket, SocketHandler } from '@chan/core/sockets'
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
  #violation: { readonly code: number; readonly reason: string } | undefined

  constructor(ws: AcceptedSocket) {
    this.#ws = ws
    this.#raw = ws.extensions === '' && ws._socket ? ws._socket : undefined
  }

  /** Hands everything that happens from now on to the handler. */
  listen(handler: SocketHandler): void {
    const ws = this.#ws
    this.#handler = handler
    ws.on('message', (data, isBinary) => {
      // ws gives the whole message in one buffer; as text it has checked its UTF-8.
      handler.message(isBinary ? new Uint8Array() : String(data))
    })
    ws.on('pong', () => handler.pong())
    ws.on('error', (error) => {
      this.#violation ??= violationOf(error)
    })
    ws.on('close', (code, reason) => {
      this.#closed(this.#violation ?? { code, reason: new TextDecoder().decode(reason) })
    })
    if (ws.readyState === CLOSED) queueMicrotask(() => this.#closed({ code: 1006, reason: '' }))
  }

  get bufferedBytes(): number {
    return this.#raw ? this.#raw.writableLength : this.#ws.bufferedAmount
  }

  send(frame: string): SendOutcome {
    if (this.#ws.readyState !== OPEN) return 'dropped'
    this.#unwritten++
    this.#ws.send(frame, this.#written)
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
      this.#unwritten++
      raw.write(framed(bundle), this.#written)
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

  /** Counted, because ws puts frames of its own between ours: its buffer alone tells too little. */
  readonly #written = (): void => {
    if (--this.#unwritten > 0 || !this.#waiting) return
    this.#waiting = false
    this.#handler?.drain()
  }

  #closed({ code, reason }: { readonly code: number; readonly reason: string }): void {
    const handler = this.#handler
    this.#handler = undefined
    handler?.closed(code, reason)
  }
}
