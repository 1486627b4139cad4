// A socket without a network: what core sent, and a peer that reads when the test says so.

import type { SendOutcome, Socket } from '../src/port/port.js'

export class FakeSocket implements Socket {
  readonly sent: string[] = []
  pings = 0
  terminated = 0
  closedWith: { code: number; reason: string } | undefined
  /** Frames wait instead of being taken. */
  stalled = false
  bufferedBytes = 0
  sentBytes = 0

  send(frame: string): SendOutcome {
    this.sent.push(frame)
    if (!this.stalled) {
      this.sentBytes += frame.length
      return 'sent'
    }
    this.bufferedBytes += frame.length
    return 'buffered'
  }

  /** The peer reads of what waits; everything, unless told how much. The handler's `drain` follows. */
  read(bytes = this.bufferedBytes): void {
    this.bufferedBytes -= bytes
    this.sentBytes += bytes
  }

  ping(): void {
    this.pings++
  }

  close(code: number, reason: string): void {
    this.closedWith = { code, reason }
  }

  terminate(): void {
    this.terminated++
  }
}
