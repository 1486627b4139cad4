// A connection in one channel: gets its messages, whoever on the connection wanted them, and decides
// what becomes of those that the peer is too slow for. One for each channel, so that a channel which is
// bridged and forwarded arrives once.

import {
  type Attachment,
  type Beginning,
  type Channel,
  type PageLimit,
  passes,
  type Reader,
  type ServedChannel,
  type SlowConsumer,
} from '@chan/core/connections'
import { CloseCode, type Message } from '@chan/protocol'
import type { Frame } from '../port/frame.js'
import { Conflation } from './conflation.js'
import type { Connection } from './connection.js'
import type { Outbox, Seated } from './outbox.js'

/** Whoever on a connection wants a channel's messages: a bridge, a forward. */
export interface SeatUse {
  /** Only messages for which this answers something truthy. A message goes out if any use wants it. */
  readonly filterFn?: ((message: Message) => unknown) | undefined
}

/** A page that is read for a peer takes no more than the peer's frames may before they are waited for. */
const PAGE_MESSAGES = 256
const PAGE_SHARE = 1 / 4

/** @internal */
export class Seat implements Reader, Seated {
  readonly source: ServedChannel<Channel>
  readonly attachment: Attachment
  /** While it is being taken. */
  began: Promise<void> | undefined
  next: Seated | undefined
  // What every message needs stands here: thousands of seats fit into no cache.
  readonly #outbox: Outbox
  readonly #slow: SlowConsumer
  #filtered = false
  #state: 'live' | 'behind' | 'reading' = 'live'
  /** While it is read for: of the frame that did not fit, which comes first. */
  #nextBytes = 0
  /** One, for most seats. */
  #uses: SeatUse | readonly SeatUse[] = []
  #kept: Conflation | undefined

  constructor(connection: Connection, channel: ServedChannel<Channel>) {
    this.#outbox = connection.outbox
    this.#slow = channel.slowConsumer()
    this.source = channel
    this.attachment = channel.attach(this)
  }

  /** What is kept for later needs its part. */
  get share(): number {
    return this.#slow.policy === 'conflate' ? 1 / 2 : 1
  }

  get isBehind(): boolean {
    return this.#state !== 'live'
  }

  get pageLimit(): PageLimit {
    const { maxBufferedBytes } = this.#outbox.line.limits
    return { messages: PAGE_MESSAGES, bytes: Math.max(1, maxBufferedBytes * PAGE_SHARE) }
  }

  /** Resolves when delivery is guaranteed; see `Attachment.begin`. */
  async begin(beginning: Beginning): Promise<void> {
    this.began = this.attachment.begin(beginning)
    await this.began
    this.began = undefined
  }

  join(use: SeatUse): void {
    this.#wanted([...this.#all, use])
  }

  /** Answers whether nobody wants the channel any more. */
  leave(use: SeatUse): boolean {
    this.#wanted(this.#all.filter((other) => other !== use))
    return this.#all.length === 0
  }

  deliver(message: Message, isRead = false): void {
    if (this.#filtered && !this.#passes(message)) return
    // What was read for it comes when there is room.
    if (this.#state === 'reading') {
      this.#state = 'live'
      this.#nextBytes = 0
    } else if (this.#state === 'behind') {
      if (!this.#outbox.isDrained)
        return this.leaveOut(this.#outbox.turn.frameOf(message, this.source))
      this.drained()
    }
    const { turn } = this.#outbox
    this.#outbox.push(
      isRead ? turn.readFrameOf(message, this.source) : turn.frameOf(message, this.source),
    )
  }

  reset(): void {
    // Where messages are left out for slow readers, this one was too slow for what the log keeps.
    if (!this.attachment.live && this.#slow.policy === 'drop') return
    // The client comes back and is sent history.
    this.#outbox.line.close(CloseCode.slowConsumer, 'messages were lost')
  }

  room(): Promise<void> | undefined {
    return this.#outbox.room(this.#nextBytes, this.share)
  }

  leaveOut(frame: Frame): void {
    const message = frame.message as Message
    const { policy, counts } = this.#slow
    // What was read for it, whatever its policy: it asked for room without knowing how large that is.
    const isRead = frame.isRead || !this.attachment.live
    if (policy === 'catch-up' || isRead) return this.#readLater(message, frame.bytes)
    if (policy === 'drop') {
      this.#state = 'behind'
      counts.dropped++
    } else if (policy === 'conflate') {
      this.#state = 'behind'
      this.#kept ??= new Conflation(this.#slow)
      this.#kept.add(frame, message)
      const most = this.#outbox.line.limits.maxBufferedBytes * this.share
      if (this.#kept.size > 1 && this.#kept.bytes > most) this.#disconnect()
    } else this.#disconnect()
  }

  drained(): void {
    if (this.#state !== 'behind') return
    this.#state = 'live'
    const kept = this.#kept
    this.#kept = undefined
    // Before anything newer: until now what came was kept, too.
    if (kept) for (const frame of kept) this.#outbox.push(frame)
  }

  get #all(): readonly SeatUse[] {
    return isOne(this.#uses) ? [this.#uses] : this.#uses
  }

  #wanted(uses: readonly SeatUse[]): void {
    const [only] = uses
    this.#uses = uses.length === 1 && only ? only : uses
    this.#filtered = uses.every(({ filterFn }) => filterFn !== undefined)
  }

  /** Goes on from its own position, at the peer's pace. A message without a place is left out. */
  #readLater({ epoch, offset }: Message, bytes: number): void {
    const { counts } = this.#slow
    if (epoch === undefined || offset === undefined) counts.dropped++
    else if (this.#state !== 'reading') {
      this.#state = 'reading'
      this.#nextBytes = bytes
      counts.caughtUp++
      this.attachment.rewind({ epoch, offset: offset - 1 })
    }
  }

  #disconnect(): void {
    if (this.#outbox.line.tooSlow()) this.#slow.counts.disconnected++
  }

  #passes(message: Message): boolean {
    const uses = this.#uses
    return isOne(uses) ? this.#wants(uses, message) : uses.some((use) => this.#wants(use, message))
  }

  /** Asked for history and live messages alike. A filter that throws skips the message. */
  #wants({ filterFn }: SeatUse, message: Message): boolean {
    if (!filterFn) return true
    const { context, name } = this.source
    return passes(filterFn, message, (error) =>
      context.report(error, { operation: 'filter', channel: name }),
    )
  }
}

function isOne(uses: SeatUse | readonly SeatUse[]): uses is SeatUse {
  return !Array.isArray(uses)
}
