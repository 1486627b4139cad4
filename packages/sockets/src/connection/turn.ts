// Gathers what a router's sockets are to be sent during one turn of the event loop, so that each is
// written once, and those with the same frames together.

import type { Clock } from '@chan/core/connections'
import type { Message } from '@chan/protocol'
import { Bundle } from '../port/bundle.js'
import { Frame } from '../port/frame.js'
import type { FanOut, Socket } from '../port/port.js'

/** A socket's frames of a turn are written early when they come to so many bytes. */
const EARLY_BYTES = 64 * 1024

/** Whoever has frames to write when a turn is over. */
export interface Gathering {
  readonly socket: Socket
  /** What is to be written now. */
  take(): Bundle | undefined
}

/** @internal */
export class Turn {
  readonly #clock: Clock
  readonly #fanOut: FanOut | undefined
  #root = Bundle.empty()
  #gatherings: Gathering[] = []
  #scheduled = false
  #frame: Frame | undefined
  /** Of messages that are read. */
  readonly #read = new Map<Message, Frame>()

  /** @param fanOut without it frames are sent one by one, at once */
  constructor(clock: Clock, fanOut: FanOut | undefined) {
    this.#clock = clock
    this.#fanOut = fanOut
  }

  /** Frames wait for the end of the turn. */
  get gathers(): boolean {
    return this.#fanOut !== undefined
  }

  /** The list to begin with. */
  get root(): Bundle {
    return this.#root
  }

  /**
   * The message as a frame: a channel's seats, who come one after another, share it.
   * @param source the channel, as all who receive it know it
   */
  frameOf(message: Message, source: object): Frame {
    const last = this.#frame
    if (last !== undefined && last.message === message && last.source === source) return last
    this.#frame = new Frame(message.toJson(), message, source)
    return this.#frame
  }

  /** The same for a message that is read: seats who read the same page in this turn share all of it. */
  readFrameOf(message: Message, source: object): Frame {
    const known = this.#read.get(message)
    if (known?.source === source) return known
    const frame = new Frame(message.toJson(), message, source, true)
    if (this.gathers) this.#begin().#read.set(message, frame)
    return frame
  }

  /** Has somebody asked when the turn is over; answers the list to begin with. */
  enlist(gathering: Gathering): Bundle {
    this.#begin().#gatherings.push(gathering)
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

  #begin(): this {
    if (this.#scheduled) return this
    this.#scheduled = true
    this.#clock.nextTurn(this.#end)
    return this
  }

  readonly #end = (): void => {
    this.#scheduled = false
    this.#frame = undefined
    this.#read.clear()
    this.#write()
  }

  #write(): void {
    const gatherings = this.#gatherings
    this.#gatherings = []
    this.#root = Bundle.empty()
    const bundles: Bundle[] = []
    const sockets: Socket[][] = []
    for (const gathering of gatherings) {
      const bundle = gathering.take()
      if (bundle === undefined) continue
      if (bundle.place < 0) {
        bundle.place = bundles.push(bundle) - 1
        sockets.push([gathering.socket])
      } else sockets[bundle.place]?.push(gathering.socket)
    }
    for (const [place, bundle] of bundles.entries()) {
      bundle.place = -1
      this.#fanOut?.write(bundle, sockets[place] as Socket[])
    }
  }
}
