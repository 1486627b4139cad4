// A socket of uWS as core's `Socket`: moves bytes, tells the truth about them, and nothing else.

import { Buffer } from 'node:buffer'
import type { SendOutcome, Socket, SocketHandler } from '@chan/sockets'
import type { UwsWebSocket } from './app.js'
import type { Cohort } from './cohort.js'

/** What `send` answers. */
const BUFFERED = 0
const SENT = 1

/** With compression, from here on. */
const DEFLATE_BYTES = 1024

/** @internal */
export function isDeflated(frame: Uint8Array, deflates: boolean): boolean {
  return deflates && frame.length >= DEFLATE_BYTES
}

/** @internal What the handshake gave to uWS. */
export function socketOf(ws: UwsWebSocket): UwsSocket {
  return (ws.getUserData() as { readonly socket: UwsSocket }).socket
}

interface Ending {
  readonly code: number
  readonly reason: string
}

/** @internal */
export class UwsSocket implements Socket {
  /** Those that have been getting the same frames, and where it stands among them. */
  cohort: Cohort | undefined
  place = 0
  /** When it was last seen among others. */
  turn = 0
  /** Undefined before it opens, and once it closed: then every call of it throws. */
  #ws: UwsWebSocket | undefined
  readonly #deflates: boolean
  #handler: SocketHandler | undefined
  /** Something was given to uWS since nothing waited. */
  #given = false
  /** How to close when nothing waits any more. */
  #leaving: Ending | undefined
  #ended: Ending | undefined

  constructor(deflates: boolean) {
    this.#deflates = deflates
  }

  /** uWS calls it within the handshake. */
  opened(ws: UwsWebSocket): void {
    this.#ws = ws
  }

  get isOpen(): boolean {
    return this.#ws !== undefined
  }

  /** Hands everything that happens from now on to the handler. */
  listen(handler: SocketHandler): void {
    this.#handler = handler
    if (this.#ended) queueMicrotask(() => this.#report())
  }

  get bufferedBytes(): number {
    return this.#ws?.getBufferedAmount() ?? 0
  }

  send(frame: string): SendOutcome {
    const ws = this.#writable
    if (!ws) return 'dropped'
    // As bytes: of a string uWS would send lone surrogates, which no peer accepts.
    const status = this.#give(ws, Buffer.from(frame))
    if (status === SENT) return 'sent'
    if (status === BUFFERED) return 'buffered'
    this.terminate()
    return 'dropped'
  }

  /** Sends frames: one by itself, several within one write. */
  write(frames: readonly Uint8Array[]): void {
    const ws = this.#writable
    if (!ws) return
    const [first] = frames
    if (frames.length === 1 && first) this.#give(ws, first)
    else {
      ws.cork(() => {
        for (const frame of frames) this.#give(ws, frame)
      })
    }
  }

  ping(): void {
    this.#ws?.ping()
  }

  /**
   * After `end` uWS has no handle for the connection any more, while what waits may keep it for long.
   * So it comes when nothing waits, and until then core can still drop the connection.
   */
  close(code: number, reason: string): void {
    if (!this.#writable) return
    if (this.bufferedBytes > 0) {
      this.cohort?.remove(this)
      this.#given = true
      this.#leaving = { code, reason }
    } else this.#ws?.end(code, Buffer.from(reason))
  }

  terminate(): void {
    this.#ws?.close()
  }

  message(data: string | Uint8Array): void {
    this.#handler?.message(data)
  }

  pong(): void {
    this.#handler?.pong()
  }

  subscribe(topic: string): void {
    this.#ws?.subscribe(topic)
  }

  unsubscribe(topic: string): void {
    this.#given = true
    this.#ws?.unsubscribe(topic)
  }

  /** uWS could write after it could not, and perhaps not everything. */
  drained(): void {
    if (!(this.#given || this.cohort?.isLive) || this.bufferedBytes > 0) return
    this.#given = false
    const leaving = this.#leaving
    if (leaving) this.#ws?.end(leaving.code, Buffer.from(leaving.reason))
    else this.#handler?.drain()
  }

  /** uWS calls it within `end` and `close`. */
  closed(ending: Ending): void {
    if (this.#ended) return
    this.#ws = undefined
    this.#ended = ending
    this.cohort?.remove(this)
    if (this.#handler) this.#report()
  }

  get #writable(): UwsWebSocket | undefined {
    return this.#leaving ? undefined : this.#ws
  }

  #give(ws: UwsWebSocket, frame: Uint8Array): number {
    this.#given = true
    return ws.send(frame, false, isDeflated(frame, this.#deflates))
  }

  #report(): void {
    const handler = this.#handler
    this.#handler = undefined
    if (this.#ended) handler?.closed(this.#ended.code, this.#ended.reason)
  }
}
