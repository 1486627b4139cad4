// A socket of uWS as core's `Socket`: moves bytes, tells the truth about them, and nothing else.

import { Buffer } from 'node:buffer'
import type { SendOutcome, Socket, SocketHandler } from '@chan/sockets'
import type { UwsWebSocket } from './app.js'
import type { Cohort } from './cohort.js'

/** What `send` answers. */
const BUFFERED = 0
const SENT = 1

/** The shortest head of a frame: that of pings and pongs, whose payload follows. */
const HEAD_BYTES = 2

/** With compression, from here on. */
const DEFLATE_BYTES = 1024

/** @internal */
export function isDeflated(frame: Uint8Array, deflates: boolean): boolean {
  return deflates && frame.length >= DEFLATE_BYTES
}

/** @internal Of a frame; the least, where uWS alone knows what compression makes of it. */
export function wireBytes({ length }: Uint8Array, deflated: boolean): number {
  return deflated ? HEAD_BYTES : length + (length < 126 ? HEAD_BYTES : length < 65_536 ? 4 : 10)
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
  /** uWS got something to send since nothing waited. */
  #mayWait = false
  /** Bytes that uWS got, less what was published to the cohort before this socket was in it. */
  #given = 0
  #sent = 0
  /** What waited when it was last looked at. */
  #waited = 0
  /** Core is about to be told that something has left. */
  #telling = false
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

  get sentBytes(): number {
    this.#look()
    return this.#sent
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
    this.#got(HEAD_BYTES)
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
      this.#mayWait = true
      this.#leaving = { code, reason }
    } else this.#ws?.end(code, Buffer.from(reason))
  }

  terminate(): void {
    this.#ws?.close()
  }

  message(data: string | Uint8Array): void {
    this.#handler?.message(data)
  }

  /** uWS has answered a ping that had so many bytes. */
  pinged(bytes: number): void {
    this.#got(HEAD_BYTES + bytes)
    this.#handler?.ping()
  }

  pong(): void {
    this.#handler?.pong()
  }

  subscribe({ topic, published }: Cohort): void {
    this.#given -= published
    this.#ws?.subscribe(topic)
  }

  unsubscribe({ topic, published }: Cohort): void {
    this.#got(published)
    this.#ws?.unsubscribe(topic)
  }

  /**
   * uWS could write after it could not, and perhaps not everything. Core is told when uWS is through with
   * the socket: what is sent within this call and is long (16 KiB or more, and nothing waits) uWS writes
   * past what tells it, when the call is over, to wait for the peer again, and what is left stays for ever.
   */
  drained(): void {
    if (!(this.#mayWait || this.cohort?.isLive)) return
    if (this.#look() === 0) {
      this.#mayWait = false
      const leaving = this.#leaving
      if (leaving) return void this.#ws?.end(leaving.code, Buffer.from(leaving.reason))
    }
    if (this.#telling) return
    this.#telling = true
    setImmediate(() => {
      this.#telling = false
      this.#handler?.drain()
    })
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
    const deflated = isDeflated(frame, this.#deflates)
    this.#got(wireBytes(frame, deflated))
    return ws.send(frame, false, deflated)
  }

  #got(bytes: number): void {
    this.#mayWait = true
    this.#given += bytes
  }

  /**
   * Answers what waits, after it has taken down what has left: what was given and does not wait, or,
   * where that is unknown, by how much less waits. Within a callback of uWS, what it holds until that
   * returns, some 16 KiB, counts as gone; not again and again, for it is the most seen that counts.
   */
  #look(): number {
    if (!this.#ws) return 0
    const waiting = this.#ws.getBufferedAmount()
    const given = this.#given + (this.cohort?.isLive ? this.cohort.given : 0)
    const seenLeaving = Math.max(0, this.#waited - waiting)
    this.#sent = Math.max(given - waiting, this.#sent + seenLeaving)
    this.#waited = waiting
    return waiting
  }

  #report(): void {
    const handler = this.#handler
    this.#handler = undefined
    if (this.#ended) handler?.closed(this.#ended.code, this.#ended.reason)
  }
}
