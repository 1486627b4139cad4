// The gate in front of every callback: puts a channel's messages in offset order, drops duplicates,
// reads what is missing, and says so when the log no longer reaches back. It is the only recovery
// code: for a backend that lost something and for a subscriber that comes back with a position.

import type { Clock, Timer } from '../model/clock.js'
import type { Message, Position } from '../model/message.js'
import type { Page } from '../ports/log.js'

const PAGE_SIZE = 256
/** Characters of bodies that may wait behind a read; above it they are dropped and read again. */
const MAX_HELD = 1_048_576
const RETRY_BASE_MS = 50
const RETRY_MAX_MS = 5_000

/** What a feed asks of whoever owns it. */
export interface FeedHost {
  readonly clock: Clock
  /** Reads after a position; see `MessageLog.read`. */
  read(after: Position, limit: number): Promise<Page>
  /** The next message, in order, exactly once. Must not throw. */
  deliver(message: Message): void
  /**
   * Continuity is lost; delivery goes on after `position`. `missed` is how many messages are known
   * to be lost, or `null` if that cannot be known.
   */
  reset(position: Position, missed: number | null): void
  /** A read failed; the feed tries again by itself. */
  readFailed(error: unknown): void
  /** Everything up to the top of the log was delivered. */
  caughtUp?(): void
  /** Runs deliveries one after another, never nested in a callback. */
  run(task: () => void): void
}

/** Orders one channel's messages for one receiver. */
export class Feed {
  readonly #host: FeedHost
  #epoch = ''
  #offset = 0
  /** Live messages wait in `#held` while a position is awaited or the log is read. */
  #holding = true
  #reading = false
  #readAgain = false
  #held: Message[] = []
  #heldSize = 0
  #spilled = false
  #closed = false
  #failures = 0
  #retry: Timer | undefined

  constructor(host: FeedHost) {
    this.#host = host
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
    this.#host.run(() => {
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

  /** A message from the backend, in whatever order. */
  accept(message: Message): void {
    if (this.#closed) return
    if (message.offset === undefined) this.#host.deliver(message)
    else if (this.#holding) this.#hold(message)
    else if (this.#follows(message)) this.#advance(message)
    else if (!this.#isOld(message)) {
      this.#hold(message)
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
    this.#held = []
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
    this.#host.deliver(message)
  }

  #hold(message: Message): void {
    if (this.#spilled) return
    this.#held.push(message)
    this.#heldSize += message.body.length
    if (this.#heldSize <= MAX_HELD) return
    this.#held = []
    this.#heldSize = 0
    this.#spilled = true
  }

  #fill(): void {
    this.#holding = true
    if (this.#reading) return
    this.#retry?.cancel()
    this.#retry = undefined
    this.#reading = true
    this.#readAgain = false
    // What is held now was sent before the read began, so the page decides about it.
    const known = this.#held.length
    const spilled = this.#spilled
    this.#spilled = false
    this.#host.read(this.position, PAGE_SIZE).then(
      (page) => {
        this.#failures = 0
        this.#host.run(() => {
          this.#reading = false
          if (!this.#closed) this.#apply(page, spilled ? 0 : known)
        })
      },
      (error: unknown) => {
        this.#reading = false
        if (this.#closed) return
        if (spilled) this.#spilled = true
        this.#host.readFailed(error)
        this.#retry = this.#host.clock.after(this.#backoff(), () => this.#fill())
      },
    )
  }

  #apply(page: Page, known: number): void {
    if (page.truncated) {
      const { epoch, offset } = page.top
      const counted = epoch === this.#epoch && offset >= this.#offset
      const missed = counted ? offset - this.#offset : null
      this.#moveTo(page.top)
      this.#host.reset(page.top, missed)
    } else {
      for (const message of page.messages) {
        if (this.#closed) return
        if (this.#follows(message)) this.#advance(message)
      }
    }
    if (this.#closed) return
    const behind = page.messages.length > 0 && this.#offset < page.top.offset
    if (behind || this.#spilled || this.#readAgain) return this.#fill()
    this.#holding = false
    if (!this.#releaseHeld(known)) return this.#fill()
    if (this.#closed) return
    this.#host.caughtUp?.()
  }

  /**
   * Delivers what was held. The first `known` were there before the log was read: those that do not
   * follow now are of a past epoch. Answers whether nothing has to be read again.
   */
  #releaseHeld(known: number): boolean {
    const held = this.#held
    this.#held = []
    this.#heldSize = 0
    let complete = !this.#spilled
    for (const [index, message] of held.entries()) {
      if (this.#closed) return true
      if (this.#follows(message)) this.#advance(message)
      else if (index >= known && !this.#isOld(message)) {
        complete = false
        this.#hold(message)
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
