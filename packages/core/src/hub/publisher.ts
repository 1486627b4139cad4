// The way of a message into the backend: in call order per channel, at once where nothing has to be
// waited for, and settled before the layer closes.

import type { Clock } from '../model/clock.js'
import type { HistoryLimits } from '../model/history.js'
import { byteLength, ChanError, type Message } from '../model/message.js'
import type { ChannelBackend } from '../ports/backend.js'
import type { Entry } from '../ports/log.js'
import { Arrivals } from './arrivals.js'
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
  /** May throw; a promise where somebody has to be asked first. */
  batches(channels: readonly string[]): readonly Batch[] | Promise<readonly Batch[]>
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
  /** Behind publishes to many channels of which it is not known yet to which. */
  readonly #arrivals = new Arrivals()
  readonly #turns = new Turns()
  readonly #flights = new Flights()
  readonly #inProcess: boolean
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
    if (this.#arrivals.busy) return this.#publishLater(channel, limits, entry)
    return this.#enter(channel, limits, entry)
  }

  /**
   * Publishes to many channels, of which nobody knows yet what they are. It takes its place among the
   * publishes of this process at the call. Later ones wait until the channels are known; then only those
   * to one of them, until all has been handed to the backend.
   */
  publishEach(members: () => Promise<readonly string[]>, plan: Plan): Promise<number> {
    const found = this.#found(members)
    const counted = new Promise<number>((resolve, reject) => {
      this.#arrivals.hold(found, (channels) => {
        this.#handOver(channels, plan).then((appends) => resolve(this.#count(appends)), reject)
      })
      found.catch(reject)
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

  async #found(members: () => Promise<readonly string[]>): Promise<readonly string[]> {
    const opening = this.#lifecycle.ready()
    if (opening) await opening
    return members()
  }

  /** In this call where nothing is waited for, else in the turn of all its channels. */
  async #handOver(
    channels: readonly string[],
    plan: Plan,
  ): Promise<readonly Promise<readonly Message[]>[]> {
    const send = (batches: readonly Batch[]) => {
      if (this.#abandoned) throw this.#abandoned
      return batches.map((batch) =>
        this.#backend.appendEach(batch.channels, batch.entry, plan.limits),
      )
    }
    const batches = plan.batches(channels)
    const waits = channels.some((channel) => this.#turns.busy(channel))
    if (!waits && !(batches instanceof Promise)) return send(batches)
    // Its failure is heard in its turn, even if that comes later.
    if (batches instanceof Promise) batches.catch(() => {})
    return this.#turns.runEach(channels, async () => send(await batches))
  }

  async #count(appends: readonly Promise<readonly Message[]>[]): Promise<number> {
    let count = 0
    for (const messages of await Promise.all(appends)) {
      for (const message of messages) this.#note(message)
      count += messages.length
    }
    return count
  }

  #enter(channel: string, limits: HistoryLimits, entry: Entry | Promise<Entry>): Promise<Message> {
    const waits = !this.#lifecycle.isOpen || this.#turns.busy(channel)
    if (waits || entry instanceof Promise) return this.#inTurn(channel, limits, entry)
    return this.#append(channel, entry, limits)
  }

  #publishLater(
    channel: string,
    limits: HistoryLimits,
    entry: Entry | Promise<Entry>,
  ): Promise<Message> {
    // Its failure is heard in its turn, even if that comes later.
    if (entry instanceof Promise) entry.catch(() => {})
    const publishing = new Promise<Message>((resolve, reject) => {
      this.#arrivals.follow(() => {
        if (this.#abandoned) return reject(this.#abandoned)
        try {
          resolve(this.#enter(channel, limits, entry))
        } catch (error) {
          reject(error)
        }
      })
    })
    return this.#flights.track(publishing)
  }

  #inTurn(channel: string, limits: HistoryLimits, entry: Entry | Promise<Entry>): Promise<Message> {
    // Its failure is heard in its turn, even if that comes later.
    if (entry instanceof Promise) entry.catch(() => {})
    return this.#turns.run(channel, async () => {
      const opening = this.#lifecycle.ready()
      if (opening) await opening
      if (this.#abandoned) throw this.#abandoned
      return this.#append(channel, entry instanceof Promise ? await entry : entry, limits)
    })
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

/** Stamps an encoded body, whose length need not be measured again where it is known. */
export function makeEntry(
  body: string,
  stamp: Stamp,
  clock: Clock,
  bytes = byteLength(body),
): Entry {
  return {
    body,
    bytes,
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
