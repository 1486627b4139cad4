// Finds connections whose peer is gone without a word. While nothing waits for it: a ping at intervals,
// and a deadline for any sign of life. While bytes wait, a ping would stand behind them, so it is the
// bytes that tell: as long as some leave, somebody reads.

import type { Deadline } from './coarse-timers.js'
import type { Line } from './line.js'

/** One connection's heartbeat. A half-open connection is found after interval + timeout. */
export class Heartbeat implements Deadline {
  readonly #line: Line
  /** `asked`: a ping was sent and its deadline runs; `heard`: something has come since. */
  #state: 'quiet' | 'asked' | 'heard' = 'quiet'
  /** Bytes waited when it was looked last; this many had left by then. */
  #sentBytes: number | undefined
  #tick: number

  constructor(line: Line) {
    this.#line = line
    const { timers, durations } = line.home
    this.#tick = timers.schedule(this, durations.pingIntervalMs)
  }

  /** Something arrived from the peer; a pong is only one way to live. */
  heard(): void {
    if (this.#state === 'asked') this.#state = 'heard'
  }

  stop(): void {
    this.#line.home.timers.cancel(this, this.#tick)
  }

  /** @internal */
  due(): void {
    const { socket } = this.#line
    const { pingIntervalMs, pongTimeoutMs, stallTimeoutMs } = this.#line.home.durations
    if (socket.bufferedBytes > 0) return this.#lookAtBytes(stallTimeoutMs)
    // The ping stands behind what has left this process and is on its way yet.
    const timeoutMs = this.#sentBytes === undefined ? pongTimeoutMs : stallTimeoutMs
    if (this.#state === 'quiet') {
      this.#state = 'asked'
      this.#lookIn(timeoutMs)
      socket.ping()
    } else if (this.#state === 'heard') {
      this.#state = 'quiet'
      this.#sentBytes = undefined
      this.#lookIn(Math.max(0, pingIntervalMs - pongTimeoutMs))
    } else this.#line.terminate('heartbeat timeout')
  }

  #lookAtBytes(stallTimeoutMs: number): void {
    const { sentBytes } = this.#line.socket
    this.#state = 'quiet'
    if (this.#sentBytes !== undefined && sentBytes <= this.#sentBytes) {
      this.#line.tooSlow()
      return
    }
    this.#sentBytes = sentBytes
    this.#lookIn(stallTimeoutMs)
  }

  #lookIn(delayMs: number): void {
    this.#tick = this.#line.home.timers.schedule(this, delayMs)
  }
}
