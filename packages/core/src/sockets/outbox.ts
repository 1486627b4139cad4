// The one place through which every outgoing frame of a connection passes, so that what may wait
// for a slow peer is bounded here and nowhere else.

import type { SendOutcome, Socket } from './port.js'

/** @internal */
export class Outbox {
  readonly #socket: Socket
  readonly #maxBufferedBytes: number
  readonly #overflow: () => void
  #open = true
  #buffered = false
  #waiting: (() => void)[] = []

  /** @param overflow the peer reads too slowly; called while a frame is refused */
  constructor(socket: Socket, maxBufferedBytes: number, overflow: () => void) {
    this.#socket = socket
    this.#maxBufferedBytes = maxBufferedBytes
    this.#overflow = overflow
  }

  get bufferedBytes(): number {
    return this.#open ? this.#socket.bufferedBytes : 0
  }

  send(frame: string): SendOutcome {
    if (!this.#open) return 'dropped'
    // Before appending, so that one frame may be larger than the bound, and never two.
    if (this.#buffered && this.#socket.bufferedBytes > this.#maxBufferedBytes) {
      this.#overflow()
      return 'dropped'
    }
    const outcome = this.#socket.send(frame)
    if (outcome === 'buffered') this.#buffered = true
    return outcome
  }

  /**
   * Resolves at once while a good part of the bound is free, else when the peer has caught up or the
   * connection ended. For whoever has much to send and can wait.
   */
  room(): Promise<void> | undefined {
    const full = this.#buffered && this.#socket.bufferedBytes > this.#maxBufferedBytes / 4
    if (!this.#open || !full) return undefined
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** The adapter has nothing left that waits. */
  drain(): void {
    this.#buffered = false
    const waiting = this.#waiting
    this.#waiting = []
    for (const resume of waiting) resume()
  }

  end(): void {
    this.#open = false
    this.drain()
  }
}
