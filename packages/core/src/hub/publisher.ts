// The way of a message into the backend: in call order per channel, at once where nothing has to be
// waited for, and settled before the layer closes.

import type { Clock } from '../model/clock.js'
import type { HistoryLimits } from '../model/history.js'
import { byteLength, ChanError, type Message } from '../model/message.js'
import type { ChannelBackend } from '../ports/backend.js'
import type { Entry } from '../ports/log.js'
import type { DeliveryQueue } from './delivery-queue.js'
import { Flights } from './flights.js'
import type { Lifecycle } from './lifecycle.js'
import { Turns } from './turns.js'

/** What is known of a publish before its data is encoded. */
export interface Stamp {
  readonly sender: string | null
  readonly id: string | null
  readonly ephemeral: boolean
}

/** What a publish to many channels is made of, once the channels are known. */
export interface Plan {
  batches(channels: readonly string[]): Promise<readonly Batch[]>
  limits(channel: string): HistoryLimits
}

/** Channels that get one entry in one operation. */
export interface Batch {
  readonly channels: readonly string[]
  readonly entry: Entry
}

/** @internal */
export class Publisher {
  /** Stored or emitted since the layer was made. */
  published = 0
  readonly #backend: ChannelBackend
  readonly #lifecycle: Lifecycle
  readonly #queue: DeliveryQueue
  readonly #committed: (message: Message) => void
  readonly #turns = new Turns()
  readonly #flights = new Flights()
  readonly #inProcess: boolean
  /** The last publish to many channels that is not with the backend yet. Never rejects. */
  #fence: Promise<void> | undefined
  #abandoned: Error | undefined

  constructor(
    backend: ChannelBackend,
    lifecycle: Lifecycle,
    queue: DeliveryQueue,
    committed: (message: Message) => void,
  ) {
    this.#backend = backend
    this.#lifecycle = lifecycle
    this.#queue = queue
    this.#committed = committed
    this.#inProcess = !backend.facts.crossProcess
  }

  /**
   * Publishes an entry. Where it is there and nothing is waited for, it reaches the backend inside
   * this call, which may throw what the backend refuses it with.
   */
  publish(channel: string, limits: HistoryLimits, entry: Entry | Promise<Entry>): Promise<Message> {
    const waits = this.#fence || !this.#lifecycle.isOpen || this.#turns.busy(channel)
    if (waits || entry instanceof Promise) return this.#inTurn(channel, limits, entry)
    return this.#append(channel, entry, limits)
  }

  /**
   * Publishes to many channels, of which nobody knows yet what they are. It takes its place among the
   * publishes of this process at the call: later ones wait until it has been handed to the backend.
   */
  publishEach(members: () => Promise<readonly string[]>, plan: Plan): Promise<number> {
    const before = this.#fence
    const earlier = this.#turns.snapshot()
    const found = (async () => {
      await this.#lifecycle.ready()
      return members()
    })()
    const handedOver = (async () => {
      const batches = await plan.batches(await found)
      await before
      if (earlier.size > 0) await Promise.allSettled((await found).map((name) => earlier.get(name)))
      if (this.#abandoned) throw this.#abandoned
      return batches.map(({ channels, entry }) =>
        this.#backend.appendEach(channels, entry, plan.limits),
      )
    })()
    const fence: Promise<void> = handedOver.then(
      () => this.#lift(fence),
      () => this.#lift(fence),
    )
    this.#fence = fence
    const counted = handedOver.then(async (appends) => {
      const messages = (await Promise.all(appends)).flat()
      for (const message of messages) this.#note(message)
      return messages.length
    })
    return this.#flights.track(counted, () => this.#delivered())
  }

  /** Resolves when every publish called so far has settled, or waits for the delivery queue alone. */
  async settled(): Promise<void> {
    await this.#turns.settled()
    await this.#flights.settled()
  }

  /** Rejects what has not settled; what still waits for its turn is not published any more. */
  abandon(reason: Error): void {
    this.#abandoned = reason
    this.#turns.abandon(reason)
    this.#flights.abandon(reason)
    this.#queue.abandon(reason)
  }

  #inTurn(channel: string, limits: HistoryLimits, entry: Entry | Promise<Entry>): Promise<Message> {
    // Its failure is heard in its turn, even if that comes later.
    if (entry instanceof Promise) entry.catch(() => {})
    const fence = this.#fence
    return this.#turns.run(channel, async () => {
      if (fence) await fence
      await this.#lifecycle.ready()
      if (this.#abandoned) throw this.#abandoned
      return this.#append(channel, await entry, limits)
    })
  }

  #lift(fence: Promise<void>): void {
    if (this.#fence === fence) this.#fence = undefined
  }

  #append(channel: string, entry: Entry, limits: HistoryLimits): Promise<Message> {
    const answer = this.#backend.append(channel, entry, limits)
    if ('then' in answer) return this.#flights.track(answer, this.#arrived)
    this.#note(answer)
    const later = this.#inProcess ? this.#queue.answerLater(answer) : undefined
    return later ?? Promise.resolve(answer)
  }

  readonly #arrived = (message: Message): Promise<void> | undefined => {
    this.#note(message)
    return this.#delivered()
  }

  #note(message: Message): void {
    this.published++
    // A backend of this process has delivered already.
    if (!this.#inProcess) this.#committed(message)
  }

  /** Where the backend delivers inside its calls: until what they brought about is delivered. */
  #delivered(): Promise<void> | undefined {
    return this.#inProcess ? this.#queue.caughtUp() : undefined
  }
}

/** Stamps an encoded body. */
export function makeEntry(body: string, stamp: Stamp, clock: Clock): Entry {
  return {
    body,
    bytes: byteLength(body),
    sender: stamp.sender,
    timestamp: clock.now() / 1000,
    id: stamp.id,
    ephemeral: stamp.ephemeral,
  }
}

/** @throws {ChanError} `payload-too-large` */
export function refuseTooLarge(name: string, actual: number, limit: number): void {
  if (actual <= limit) return
  throw new ChanError(
    'payload-too-large',
    `A message of ${actual} bytes for '${name}' is over the limit of ${limit} bytes.`,
    'Publish a reference to large content, or raise maxMessageBytes of the layer.',
    { details: { limit, actual } },
  )
}
