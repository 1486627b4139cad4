// The gate in front of every callback: puts a channel's messages in offset order, drops duplicates,
// reads what is missing at the pace of whoever reads, and says so when the log no longer reaches back.
// It is the only recovery code: for a backend that lost something, for a subscriber that comes back
// with a position, for history, and for a peer that was too slow.

import type { Clock, Timer } from '../model/clock.js'
import type { Message, Position } from '../model/message.js'
import type { ResetEvent } from '../model/reset-event.js'
import type { HistoryPage, Page, PageLimit } from '../ports/log.js'
import { Held } from './held.js'
import type { Reading } from './reads.js'

const PAGE: PageLimit = { messages: 256, bytes: 1_048_576 }
const RETRY_BASE_MS = 50
const RETRY_MAX_MS = 5_000

/** Where a feed reads: a channel of this process. */
export interface FeedSource {
  /** The channel. */
  readonly name: string
  readonly clock: Clock
  /** What has been delivered there: every reader has heard of it, or will read it. */
  readonly position: Position
  /** Reads after a position; see `MessageLog.read`. */
  read(after: Position, limit: PageLimit): Reading<Page>
  /** Runs deliveries one after another, never nested in a callback. */
  run(task: () => void): void
  /** Hears of what failed; a feed whose `read` failed tries again by itself. */
  failed(error: unknown, operation: string): void
}

/** Who gets a feed's messages. */
export interface FeedReader {
  /** The next message, in order, exactly once. Must not throw. */
  deliver(message: Message): void
  /** Continuity is lost. */
  reset(event: ResetEvent): void
  /** Everything up to the top of the log was delivered. */
  caughtUp?(): void
  /**
   * Nothing while it takes more, else a promise of when it does. Asked before every page and every
   * message that is read, never of what is live; without it, it takes whatever comes.
   */
  readonly room?: (() => Promise<void> | undefined) | undefined
  /** What may be read for it at once. Default: 256 messages, 1 MiB. */
  readonly pageLimit?: PageLimit | undefined
}

/** How a page was asked for. */
interface Asked {
  /** After which offset. */
  readonly after: number
  /** How many messages were held when its read began. */
  readonly known: number
  /** Its read began then: it is nobody else's. */
  readonly fresh: boolean
}

/** Orders one channel's messages for one reader. */
export class Feed {
  readonly #source: FeedSource
  readonly #reader: FeedReader
  #epoch = ''
  #offset = 0
  /** Live messages wait in `#held` while a position is awaited or the log is read. */
  #holding = true
  /** From the decision to read until the page was delivered. */
  #reading = false
  #readAgain = false
  readonly #held = new Held()
  #closed = false
  #failures = 0
  #retry: Timer | undefined
  /** Read first, instead of the log. */
  #history: (() => Reading<HistoryPage>) | undefined
  /** Where what history shows ends. */
  #seam: Position | undefined

  constructor(source: FeedSource, reader: FeedReader) {
    this.#source = source
    this.#reader = reader
  }

  /** The position of the last delivered message. */
  get position(): Position {
    return { epoch: this.#epoch, offset: this.#offset }
  }

  /** Nothing is waited for: what arrives in order is delivered at once. */
  get live(): boolean {
    return !this.#holding
  }

  /** Whether this message, or what came after it, was delivered. */
  passed(message: Message): boolean {
    return message.offset === undefined || this.#isOld(message)
  }

  /** Delivery begins after `position`; what was held meanwhile follows. */
  start(position: Position): void {
    this.#moveTo(position)
    this.#source.run(() => {
      if (this.#closed) return
      this.#holding = false
      const complete = this.#releaseHeld(0)
      if (this.#readAgain || !complete) this.#fill()
    })
  }

  /** Delivery begins after `position`, with what the log holds. */
  startByReading(position: Position): void {
    this.#moveTo(position)
    this.#fill()
  }

  /**
   * Delivery begins with what history shows up to `seam`, and goes on from there. Only its first page
   * is taken from history, which may have holes; what follows is read from the log.
   */
  startByHistory(seam: Position, history: () => Reading<HistoryPage>): void {
    this.#moveTo({ epoch: seam.epoch, offset: 0 })
    this.#seam = seam
    this.#history = history
    this.#fill()
  }

  /** A message from the backend, in whatever order. */
  accept(message: Message): void {
    if (this.#closed) return
    // Without a place it passes at once, but for a reader with a pace of its own: to that it would be
    // one more message before its history, or more than it takes.
    const waits = this.#holding && (message.offset !== undefined || this.#reader.room !== undefined)
    if (waits) this.#held.add(message)
    else if (message.offset === undefined) this.#reader.deliver(message)
    else if (this.#follows(message)) this.#advance(message)
    else if (!this.#isOld(message)) {
      this.#held.add(message)
      this.#fill()
    }
  }

  /** Something after the last delivery may be missing. */
  gap(): void {
    if (this.#closed) return
    // Before the start, too: the backend may lose its connection right after it gave a position.
    const waits = this.#reading || (this.#holding && !this.#retry)
    if (waits) this.#readAgain = true
    else this.#fill()
  }

  /** Nothing is delivered any more. */
  close(): void {
    this.#closed = true
    this.#held.take()
    this.#retry?.cancel()
  }

  #moveTo(position: Position): void {
    this.#epoch = position.epoch
    this.#offset = position.offset
  }

  #follows(message: Message): boolean {
    if (message.offset !== this.#offset + 1) return false
    return message.epoch === this.#epoch || (this.#epoch === '' && this.#offset === 0)
  }

  #isOld(message: Message): boolean {
    return message.epoch === this.#epoch && (message.offset as number) <= this.#offset
  }

  #advance(message: Message): void {
    // Moved before the callback runs: a subscription made inside it starts after this message.
    this.#epoch = message.epoch as string
    this.#offset = message.offset as number
    this.#reader.deliver(message)
  }

  /** False if the reader takes more, else waits until it does, holding nothing of what comes. */
  #waitForRoom(then: () => void): boolean {
    const room = this.#reader.room?.()
    // Asking sends what waited, and what does not fit may have the reader rewound.
    if (this.#closed) return true
    if (room === undefined) return false
    this.#held.pause()
    void room.then(() => {
      this.#held.resume()
      if (!this.#closed) then()
    })
    return true
  }

  #fill(): void {
    this.#holding = true
    if (this.#reading) return
    this.#retry?.cancel()
    this.#retry = undefined
    this.#reading = true
    this.#readAgain = false
    if (!this.#waitForRoom(() => this.#read())) this.#read()
  }

  #read(): void {
    const { lost } = this.#held
    this.#held.lost = false
    const after = this.#offset
    const reading = this.#nextPage()
    const { fresh } = reading
    // What is held now was sent before the read began, so the page decides about it.
    const known = fresh && !lost ? this.#held.length : 0
    reading.page.then(
      (page) => {
        this.#failures = 0
        this.#history = undefined
        this.#source.run(() => {
          if (!this.#closed) this.#apply(page, { after, known, fresh })
        })
      },
      (error: unknown) => {
        this.#reading = false
        if (this.#closed) return
        if (lost) this.#held.lost = true
        this.#source.failed(error, 'read')
        this.#retry = this.#source.clock.after(this.#backoff(), () => this.#fill())
      },
    )
  }

  #nextPage(): Reading<Page | HistoryPage> {
    if (this.#history) return this.#history()
    return this.#source.read(this.position, this.#reader.pageLimit ?? PAGE)
  }

  #apply(page: Page | HistoryPage, asked: Asked): void {
    if ('more' in page || !page.truncated) this.#play(page, 0, asked)
    else this.#lose(page.top, asked)
  }

  /** The log does not go on from here: continuity is lost, and delivery goes on from the top. */
  #lose(top: Position, asked: Asked): void {
    const counted = top.epoch === this.#epoch && top.offset >= this.#offset
    const missed = counted ? top.offset - this.#offset : null
    this.#moveTo(top)
    this.#reader.reset({ position: top, missed })
    this.#settle(false, asked)
  }

  /** Delivers the page, as far as there is room at once. */
  #play(page: Page | HistoryPage, from: number, asked: Asked): void {
    const isHistory = 'more' in page
    for (let index = from; index < page.messages.length; index++) {
      if (this.#closed) return
      const goOn = () => this.#play(page, index, { ...asked, known: 0 })
      if (this.#waitForRoom(() => this.#source.run(goOn))) return
      const message = page.messages[index] as Message
      if (isHistory ? !this.#isOld(message) : this.#follows(message)) this.#advance(message)
    }
    if (!isHistory) {
      const behind = page.messages.length > 0 && this.#offset < page.top.offset
      // None of them followed: asking again would give the same for ever.
      if (behind && this.#offset === asked.after) return this.#lose(page.top, asked)
      return this.#settle(behind, asked)
    }
    if (!page.more && this.#seam) this.#moveTo(this.#seam)
    // History says nothing about what came after the seam.
    this.#settle(page.more, { ...asked, known: 0, fresh: false })
  }

  /** The page is over: reads on, or releases what waited and is live. */
  #settle(behind: boolean, { known, fresh }: Asked): void {
    this.#reading = false
    if (this.#closed) return
    if (behind || this.#held.lost || this.#readAgain) return this.#fill()
    this.#holding = false
    const complete = this.#releaseHeld(known)
    if (this.#closed) return
    // What was delivered here before this reader came is in no page that was asked for earlier.
    const isStale = !fresh && !this.#reaches(this.#source.position)
    if (!complete || isStale) return this.#fill()
    this.#reader.caughtUp?.()
  }

  #reaches({ epoch, offset }: Position): boolean {
    return epoch === this.#epoch ? this.#offset >= offset : epoch === ''
  }

  /**
   * Delivers what was held. The first `known` were there before the log was read: those that do not
   * follow now are of a past epoch. Answers whether nothing has to be read again.
   */
  #releaseHeld(known: number): boolean {
    const held = this.#held.take()
    let complete = !this.#held.lost
    for (const [index, message] of held.entries()) {
      if (this.#closed) return true
      if (message.offset === undefined) this.#reader.deliver(message)
      else if (this.#follows(message)) this.#advance(message)
      else if (index >= known && !this.#isOld(message)) {
        complete = false
        this.#held.add(message)
      }
    }
    return complete
  }

  /** Full jitter, doubling from the base. */
  #backoff(): number {
    const ceiling = Math.min(RETRY_MAX_MS, RETRY_BASE_MS * 2 ** this.#failures++)
    return Math.random() * ceiling
  }
}
