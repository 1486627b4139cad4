// Gathers what a router's sockets are to be sent during one turn of the event loop, so that each is
// written once, and those with the same frames together.

import type { Clock, SlowConsumer } from '@chan/core/connections'
import type { Message } from '@chan/protocol'
import { Bundle } from '../port/bundle.js'
import { Frame } from '../port/frame.js'
import type { FanOut, Socket } from '../port/port.js'
import type { Outbox } from './outbox.js'

/** A socket's frames of a turn are written early when they come to so many bytes. */
const EARLY_BYTES = 64 * 1024

/** @internal */
export class Turn {
  readonly #clock: Clock
  readonly #fanOut: FanOut | undefined
  #root = Bundle.empty()
  #outboxes: Outbox[] = []
  #scheduled = false
  #frame: Frame | undefined

  /** @param fanOut without it frames are sent one by one, at once */
  constructor(clock: Clock, fanOut: FanOut | undefined) {
    this.#clock = clock
    this.#fanOut = fanOut
  }

  /** Frames wait for the end of the turn. */
  get gathers(): boolean {
    return this.#fanOut !== undefined
  }

  /** The message as a frame: a channel's subscribers, who come one after another, share it. */
  frameOf(message: Message, slow: SlowConsumer): Frame {
    const frame = this.#frame
    if (frame !== undefined && frame.message === message && frame.slow === slow) return frame
    this.#frame = new Frame(message, slow)
    return this.#frame
  }

  /** Has the outbox asked when the turn is over; answers the list it begins with. */
  enlist(outbox: Outbox): Bundle {
    this.#outboxes.push(outbox)
    if (!this.#scheduled) {
      this.#scheduled = true
      this.#clock.nextTurn(this.#end)
    }
    return this.#root
  }

  /** Writes now what has become long, so that a flood within a turn holds little. */
  grown(bundle: Bundle): void {
    if (bundle.bytes >= EARLY_BYTES) this.#write()
  }

  /** Writes one socket's frames before the turn is over. */
  write(bundle: Bundle, socket: Socket): void {
    this.#fanOut?.write(bundle, [socket])
  }

  readonly #end = (): void => {
    this.#scheduled = false
    this.#frame = undefined
    this.#write()
  }

  #write(): void {
    const outboxes = this.#outboxes
    this.#outboxes = []
    this.#root = Bundle.empty()
    const bundles: Bundle[] = []
    for (const outbox of outboxes) {
      const bundle = outbox.take()
      if (bundle === undefined) continue
      if (bundle.sockets.push(outbox.socket) === 1) bundles.push(bundle)
    }
    for (const bundle of bundles) {
      this.#fanOut?.write(bundle, bundle.sockets)
      bundle.sockets.length = 0
    }
  }
}
