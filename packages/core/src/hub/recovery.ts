// One subscriber on its way from a position, or from history, to the present of its channel.

import { Latch } from '../model/latch.js'
import type { Message, Position } from '../model/message.js'
import type { ResetEvent } from '../model/reset-event.js'
import type { HistoryPage, PageLimit } from '../ports/log.js'
import { Feed, type FeedReader, type FeedSource } from './feed.js'
import type { Reading } from './reads.js'

/** What a subscription recovered when it began. */
export interface Recovered {
  /** Messages from after `since` until the subscription went live, whatever its filter said. */
  readonly count: number
  /** The log did not reach back to `since`; delivery began at the top. */
  readonly truncated: boolean
}

/** How fast somebody reads; see `FeedReader`. */
export interface Pace {
  room(): Promise<void> | undefined
  readonly pageLimit?: PageLimit | undefined
}

/** @internal Whom a recovery delivers to. */
export interface RecoveryReader extends Pick<FeedReader, 'deliver' | 'reset' | 'caughtUp'> {
  /** Handles resets; without, `recovered` tells whoever subscribes of the one that it begins with. */
  readonly handlesResets: boolean
}

/** @internal */
export class Recovery implements FeedReader {
  readonly #reader: RecoveryReader
  readonly #feed: Feed
  readonly room: FeedReader['room']
  readonly pageLimit: PageLimit | undefined
  #count = 0
  #truncated = false
  #over = false
  /** Where it is to come to at least. */
  #target: Position | undefined
  #arrival = new Latch()

  /** @param pace without it, everything is delivered as it is read */
  constructor(source: FeedSource, pace: Pace | undefined, reader: RecoveryReader) {
    this.#reader = reader
    this.room = pace && (() => pace.room())
    this.pageLimit = pace?.pageLimit
    this.#feed = new Feed(source, this)
  }

  get position(): Position {
    return this.#feed.position
  }

  get live(): boolean {
    return this.#feed.live
  }

  get recovered(): Recovered {
    return { count: this.#count, truncated: this.#truncated }
  }

  /**
   * From a position. Resolves at the present, or when closed; with the first message where the reader
   * has a pace of its own, for nobody knows how long that takes.
   */
  since(position: Position): Promise<void> {
    const arrived = this.#arrival.wait()
    this.#feed.startByReading(position)
    return arrived
  }

  /** From what history shows up to `seam`. Resolves there, or when closed. */
  history(seam: Position, read: () => Reading<HistoryPage>): Promise<void> {
    this.#target = seam
    const arrived = this.#arrival.wait()
    this.#feed.startByHistory(seam, read)
    return arrived
  }

  /** From a position, instead of another one: whoever waited for that one's arrival waits for this. */
  resume(position: Position, before: Recovery | undefined): void {
    if (before) {
      this.#target = before.#target
      this.#arrival = before.#arrival
      before.#arrival = new Latch()
      before.close()
    }
    this.#feed.startByReading(position)
  }

  accept(message: Message): void {
    this.#feed.accept(message)
  }

  /** The next message of the channel was delivered, or follows what was. */
  isBeside(message: Message): boolean {
    // A message without a place says nothing about how far this one has come.
    if (message.offset === undefined || !this.#feed.live) return false
    const { epoch, offset } = this.#feed.position
    return epoch !== message.epoch || offset <= message.offset
  }

  close(): void {
    this.#feed.close()
    this.#arrival.open()
  }

  deliver(message: Message): void {
    if (!this.#over && message.offset !== undefined) this.#count++
    this.#reader.deliver(message)
    if (!this.#over && this.#isThere(message)) this.#arrival.open()
  }

  reset(event: ResetEvent): void {
    if (!this.#over) this.#truncated = true
    if (this.#over || this.#reader.handlesResets) this.#reader.reset(event)
  }

  caughtUp(): void {
    this.#over = true
    this.#arrival.open()
    this.#reader.caughtUp?.()
  }

  #isThere({ epoch, offset = 0 }: Message): boolean {
    const target = this.#target
    if (target === undefined) return this.room !== undefined
    return epoch === target.epoch && offset >= target.offset
  }
}
