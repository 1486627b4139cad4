// What waits for a batch: one call of `append` or `appendEach`, and how it is settled.

import type { Entry, HistoryLimits, Later, Message } from '@chan/core/backend'
import type { Item } from './batch.js'

/** A call that waits, and is settled once. */
export abstract class Unit {
  /** Milliseconds of the clock after which nobody waits any more. */
  readonly expiresAt: number
  /** The caller was answered: with its messages, or because its time was up. */
  settled = false

  constructor(expiresAt: number) {
    this.expiresAt = expiresAt
  }

  /** The items are one body for many channels, stored together or not at all. */
  abstract readonly shared: boolean
  abstract readonly items: readonly Item[]
  /** Messages, and bytes of their bodies on the way. */
  abstract readonly length: number
  abstract readonly bytes: number

  /** Takes its own of the batch's messages, from this index; whoever is settled takes no notice. */
  stored(messages: readonly Message[], from: number): void {
    if (this.settled) return
    this.settled = true
    this.tell(messages, from)
  }

  reject(error: unknown): void {
    if (this.settled) return
    this.settled = true
    this.refuse(error)
  }

  protected abstract tell(messages: readonly Message[], from: number): void
  protected abstract refuse(error: unknown): void
}

/**
 * One message. It is the batch's item and the answer of `append` as well: ten thousand may wait, and
 * what each of them keeps alive is copied again and again by the garbage collector.
 */
export class SingleUnit extends Unit implements Item, Later<Message> {
  readonly channel: string
  readonly entry: Entry
  readonly limits: HistoryLimits
  #resolve: ((message: Message) => void) | undefined
  #reject: ((reason: unknown) => void) | undefined
  /** Settled before anybody asked. */
  #outcome: Promise<Message> | undefined

  constructor(expiresAt: number, channel: string, entry: Entry, limits: HistoryLimits) {
    super(expiresAt)
    this.channel = channel
    this.entry = entry
    this.limits = limits
  }

  get shared(): boolean {
    return false
  }

  get items(): readonly Item[] {
    return [this]
  }

  get length(): number {
    return 1
  }

  get bytes(): number {
    return this.entry.bytes
  }

  /** For one listener: core, or an `await`. */
  // biome-ignore lint/suspicious/noThenProperty: a promise that costs less
  then(resolve: (message: Message) => void, reject: (reason: unknown) => void): void {
    if (this.#outcome) return void this.#outcome.then(resolve, reject)
    this.#resolve = resolve
    this.#reject = reject
  }

  protected override tell(messages: readonly Message[], from: number): void {
    const message = messages[from] as Message
    if (this.#resolve) this.#resolve(message)
    else this.#outcome = Promise.resolve(message)
  }

  protected override refuse(error: unknown): void {
    if (this.#reject) return void this.#reject(error)
    this.#outcome = Promise.reject(error)
    this.#outcome.catch(() => {})
  }
}

/** One body for many channels. */
export class SharedUnit extends Unit {
  readonly items: readonly Item[]
  readonly bytes: number
  readonly #resolve: (messages: readonly Message[]) => void
  readonly #reject: (reason: unknown) => void

  constructor(
    expiresAt: number,
    items: readonly Item[],
    resolve: (messages: readonly Message[]) => void,
    reject: (reason: unknown) => void,
  ) {
    super(expiresAt)
    this.items = items
    // The body once, and a place per channel.
    this.bytes = (items[0]?.entry.bytes ?? 0) + items.length * 64
    this.#resolve = resolve
    this.#reject = reject
  }

  get shared(): boolean {
    return true
  }

  get length(): number {
    return this.items.length
  }

  protected override tell(messages: readonly Message[], from: number): void {
    this.#resolve(messages.slice(from, from + this.items.length))
  }

  protected override refuse(error: unknown): void {
    this.#reject(error)
  }
}
