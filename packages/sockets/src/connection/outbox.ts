// The one place through which every outgoing frame of a connection passes, so that what may wait
// for a slow peer is bounded here and nowhere else.

import type { Bundle } from '../port/bundle.js'
import type { Frame } from '../port/frame.js'
import type { SendOutcome, Socket } from '../port/port.js'
import { Conflation } from './conflation.js'
import type { Turn } from './turn.js'

/** What an outbox needs of its connection. */
export interface OutboxOwner {
  /** What may wait for the peer. */
  readonly maxBufferedBytes: number
  /** Closes the connection; answers whether it was open. */
  tooSlow(): boolean
}

/** @internal */
export class Outbox {
  readonly socket: Socket
  readonly #turn: Turn
  readonly #owner: OutboxOwner
  #open = true
  /** What this turn has brought so far. */
  #bundle: Bundle | undefined
  /** Something was left out: it goes on when the peer has caught up. */
  #behind = false
  #conflation: Conflation | undefined
  #waiting: (() => void)[] | undefined

  constructor(socket: Socket, turn: Turn, owner: OutboxOwner) {
    this.socket = socket
    this.#turn = turn
    this.#owner = owner
  }

  /** Bytes that wait for the peer, those of this turn included. */
  get bufferedBytes(): number {
    return this.#open ? this.socket.bufferedBytes + (this.#bundle?.bytes ?? 0) : 0
  }

  /** Sends a message, together with the others of this turn. */
  push(frame: Frame): void {
    if (!this.#open) return
    if (this.#turn.gathers) {
      this.#bundle = (this.#bundle ?? this.#turn.enlist(this)).with(frame)
      this.#turn.grown(this.#bundle)
    } else if (this.#behind || this.#isFull(frame.bytes)) this.#leaveOut(frame)
    else this.socket.send(frame.text)
  }

  /** Sends something else at once, after what was pushed before it. */
  send(text: string): SendOutcome {
    if (!this.#open) return 'dropped'
    this.flush()
    if (this.#behind || this.#isFull(text.length)) {
      this.#owner.tooSlow()
      return 'dropped'
    }
    return this.#open ? this.socket.send(text) : 'dropped'
  }

  /** The turn is over: answers what is to be written now. */
  take(): Bundle | undefined {
    const bundle = this.#bundle
    this.#bundle = undefined
    if (bundle === undefined || !this.#open) return undefined
    if (!this.#behind && !this.#isFull(bundle.bytes)) return bundle
    for (const frame of bundle.frames) this.#leaveOut(frame)
    return undefined
  }

  /** Writes what this turn has brought so far. */
  flush(): void {
    const bundle = this.take()
    if (bundle) this.#turn.write(bundle, this.socket)
  }

  /**
   * Resolves at once while a good part of the bound is free, else when the peer has caught up or the
   * connection ended. For whoever has much to send and can wait.
   */
  room(): Promise<void> | undefined {
    const isFull = () => this.#open && this.bufferedBytes > this.#owner.maxBufferedBytes / 4
    if (!isFull()) return undefined
    // Its frames of this turn may be all that waits.
    this.flush()
    if (!isFull()) return undefined
    return new Promise((resolve) => {
      this.#waiting ??= []
      this.#waiting.push(resolve)
    })
  }

  /** The adapter has nothing left that waits. */
  drain(): void {
    this.#behind = false
    const conflation = this.#conflation
    this.#conflation = undefined
    if (conflation) for (const frame of conflation) this.push(frame)
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting) for (const resume of waiting) resume()
  }

  end(): void {
    this.#open = false
    this.#bundle = undefined
    this.#conflation = undefined
    this.drain()
  }

  /** Asked before appending. What alone is larger than the bound may wait, as the only one. */
  #isFull(bytes: number): boolean {
    const waiting = this.socket.bufferedBytes
    return waiting > 0 && waiting + bytes > this.#owner.maxBufferedBytes
  }

  #leaveOut(frame: Frame): void {
    if (!this.#open) return
    const { policy, counts } = frame.slow
    if (policy === 'drop') {
      this.#behind = true
      counts.dropped++
      return
    }
    if (policy === 'conflate') {
      this.#behind = true
      this.#conflation ??= new Conflation()
      this.#conflation.add(frame)
      if (this.#conflation.bytes <= this.#owner.maxBufferedBytes) return
    }
    if (this.#owner.tooSlow()) counts.disconnected++
  }
}
