// Everything that doorbells bring, to the channels that are watched here; and the watching itself.

import type {
  BackendSink,
  Clock,
  GapCause,
  Message,
  Position,
  PresenceChange,
} from '@chan/core/backend'
import type { Reader } from '../log/reader.js'
import {
  type Doorbell,
  type MessageListener,
  readDoorbell,
  readMessages,
  readShared,
} from './doorbell.js'
import { Healer } from './healer.js'
import { Watched } from './watched.js'

/** What a receiver needs. */
export interface ReceiverHost {
  readonly clock: Clock
  readonly sink: BackendSink
  readonly reader: Reader
  /** Reads a `P` doorbell. */
  presence(content: string, number: number): void
  /** Reads an `E` doorbell. */
  ephemeral(content: string): void
  /** Doorbells stayed away while the connection stood. */
  lostDoorbells(): void
}

export class Receiver implements MessageListener {
  readonly watched = new Watched()
  readonly healer: Healer
  readonly #host: ReceiverHost
  /** Doorbells heard, for the statistics. */
  doorbells = 0
  /** Messages too large for a doorbell, for the statistics. */
  references = 0

  constructor(host: ReceiverHost) {
    this.#host = host
    this.healer = new Healer(
      {
        clock: host.clock,
        standings: (channels) => host.reader.standings(channels),
        gap: (channel, cause) => host.sink.gap(channel, cause),
        lostDoorbells: () => host.lostDoorbells(),
        report: (error) => host.sink.report(error),
      },
      this.watched,
    )
  }

  /** A payload of the LISTEN connection. */
  heard(payload: string): void {
    const doorbell = readDoorbell(payload)
    if (!doorbell) return
    this.doorbells++
    // Whoever only publishes hears everything, too: it passes over it as a whole.
    if (doorbell.kind === 'M' || doorbell.kind === 'G') {
      if (this.watched.size > 0) this.#read(doorbell)
    } else if (doorbell.kind === 'P') this.#host.presence(doorbell.content, doorbell.number)
    else if (doorbell.kind === 'E') this.#host.ephemeral(doorbell.content)
    if (doorbell.remaining === 0) this.healer.heard(doorbell.number)
  }

  #read(doorbell: Doorbell): void {
    if (doorbell.kind === 'M') readMessages(doorbell, this)
    else readShared(doorbell, this)
  }

  watches(channel: string): boolean {
    return this.watched.has(channel)
  }

  message(channel: string, message: Message): void {
    this.watched.heardMessage(channel, message.epoch as string, message.offset as number)
    this.#host.sink.deliver(channel, message)
  }

  reference(channel: string, epoch: string, offset: number): void {
    this.references++
    this.watched.heardMessage(channel, epoch, offset)
    this.#host.sink.gap(channel, 'reference')
  }

  presenceChanged(channel: string, change: PresenceChange): void {
    if (!this.watched.has(channel)) return
    this.watched.heardPresence(channel, change.version)
    this.#host.sink.presence(channel, change)
  }

  /** Doorbells count from the call; everything after the position answered is delivered. */
  async watch(channel: string): Promise<Position> {
    this.watched.add(channel)
    try {
      const standing = await this.#host.reader.standing(channel)
      this.watched.confirm(standing)
      return standing.top
    } catch (error) {
      this.watched.delete(channel)
      throw error
    }
  }

  unwatch(channel: string): void {
    this.watched.delete(channel)
  }

  /** Compares everything watched with the database. */
  compare(cause: GapCause): Promise<void> {
    return this.healer.compare(cause)
  }
}
