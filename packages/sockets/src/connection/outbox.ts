// The one place through which every outgoing frame of a connection passes, so that what may wait for a
// slow peer is bounded here and nowhere else. What does not fit goes back to the seat that it is for.

import { Latch } from '@chan/core/connections'
import type { Bundle } from '../port/bundle.js'
import { Frame } from '../port/frame.js'
import type { SendOutcome, Socket } from '../port/port.js'
import type { Line } from './line.js'
import type { Turn } from './turn.js'

/** Control frames may wait beyond the bound by so much: errors, answers, what a seat left out. */
export const CONTROL_BYTES = 64 * 1024
/** Below this part of the bound a peer has caught up. */
const DRAINED = 1 / 4

/** Whom messages are for: a connection in one channel. Being behind is its state, nobody else's. */
export interface Seated {
  /** Which frames are its. */
  readonly source: object
  /** The part of the bound that its frames may fill. */
  readonly share: number
  /** Its frames are left out. */
  readonly isBehind: boolean
  /** The frame does not fit, or it is behind. */
  leaveOut(frame: Frame): void
  /** The peer has caught up. */
  drained(): void
  /** The next seat of the connection. */
  next: Seated | undefined
}

/** @internal */
export class Outbox {
  readonly line: Line
  readonly turn: Turn
  #open = true
  /** What this turn has brought so far. */
  #bundle: Bundle | undefined
  #seats: Seated | undefined
  /** Up to here nothing has to be looked at one by one. */
  #easyBytes: number
  #drained: Latch | undefined

  constructor(line: Line) {
    this.line = line
    this.turn = line.home.turn
    this.#easyBytes = this.#bound
  }

  get socket(): Socket {
    return this.line.socket
  }

  /** Bytes that wait for the peer, those of this turn included. */
  get bufferedBytes(): number {
    return this.#open ? this.socket.bufferedBytes + (this.#bundle?.bytes ?? 0) : 0
  }

  /** A good part of the bound is free. */
  get isDrained(): boolean {
    return this.#open && this.bufferedBytes <= this.#bound * DRAINED
  }

  /** Seats of the connection, one after another. */
  get seats(): Seated | undefined {
    return this.#seats
  }

  add(seat: Seated): void {
    seat.next = this.#seats
    this.#seats = seat
    this.#easyBytes = Math.min(this.#easyBytes, this.#bound * seat.share)
  }

  remove(seat: Seated): void {
    if (this.#seats === seat) this.#seats = seat.next
    for (let at = this.#seats; at; at = at.next) if (at.next === seat) at.next = seat.next
  }

  /** Sends a frame, together with the others of this turn. */
  push(frame: Frame): void {
    if (!this.#open) return
    if (this.turn.gathers) {
      this.#bundle = (this.#bundle ?? this.turn.enlist(this)).with(frame)
      this.turn.grown(this.#bundle)
    } else if (this.#admits(frame, this.socket.bufferedBytes)) this.socket.send(frame.text)
  }

  /** Sends something else at once, after what was pushed before it. */
  send(text: string): SendOutcome {
    if (!this.#open) return 'dropped'
    this.flush()
    if (!this.#admits(new Frame(text), this.socket.bufferedBytes)) return 'dropped'
    return this.#open ? this.socket.send(text) : 'dropped'
  }

  /** The turn is over: answers what is to be written now. */
  take(): Bundle | undefined {
    const bundle = this.#bundle
    this.#bundle = undefined
    if (bundle === undefined || !this.#open) return undefined
    const waiting = this.socket.bufferedBytes
    if (waiting === 0 || waiting + bundle.bytes <= this.#easyBytes) return bundle
    return this.#sift(bundle, waiting)
  }

  /** Writes what this turn has brought so far. */
  flush(): void {
    const bundle = this.take()
    if (bundle) this.turn.write(bundle, this.socket)
  }

  /**
   * For whoever has much to send and can wait: nothing if there is room, else resolves when there may
   * be. A frame that is known to come is to fit into its share of the bound, too. After the end there is
   * never room again.
   */
  room(bytes = 0, share = 1): Promise<void> | undefined {
    if (this.#hasRoom(bytes, share)) return undefined
    // Its frames of this turn may be all that waits.
    this.flush()
    if (this.#hasRoom(bytes, share)) return undefined
    this.#drained ??= new Latch()
    return this.#drained.wait()
  }

  /**
   * A part of what waited has left. Frames of this turn do not count: the socket may take all of them at
   * once, and then nothing would be told again.
   */
  drain(): void {
    if (!this.#open || this.socket.bufferedBytes > this.#bound * DRAINED) return
    for (let seat = this.#seats; seat; seat = seat.next) seat.drained()
    this.#drained?.open()
  }

  /** Nothing is sent any more. Whoever waits for room waits until it is let go of itself. */
  end(): void {
    this.#open = false
    this.#bundle = undefined
  }

  get #bound(): number {
    return this.line.limits.maxBufferedBytes
  }

  /** Frame by frame: a seat for whose frame there is no room does not take the others' from them. */
  #sift(bundle: Bundle, buffered: number): Bundle | undefined {
    let waiting = buffered
    let kept = this.turn.root
    for (const frame of bundle.frames) {
      if (!this.#admits(frame, waiting)) continue
      waiting += frame.bytes
      kept = kept.with(frame)
    }
    return this.#open && kept.length > 0 ? kept : undefined
  }

  #hasRoom(bytes: number, share: number): boolean {
    return this.isDrained && this.#fits(bytes, this.bufferedBytes, share)
  }

  #fits(bytes: number, waiting: number, share: number): boolean {
    return waiting === 0 || waiting + bytes <= this.#bound * share
  }

  /** Whether the frame may follow what waits. What alone is larger than the bound may, as the only one. */
  #admits(frame: Frame, waiting: number): boolean {
    if (frame.source === undefined) {
      const fits = waiting === 0 || waiting + frame.bytes <= this.#bound + CONTROL_BYTES
      if (!fits) this.line.tooSlow()
      return fits
    }
    let seat = this.#seats
    while (seat && seat.source !== frame.source) seat = seat.next
    // Left meanwhile: nobody waits for it.
    if (seat === undefined) return false
    if (this.#fits(frame.bytes, waiting, seat.share) && !seat.isBehind) return true
    if (this.#open) seat.leaveOut(frame)
    return false
  }
}
