// A client's reader on a channel: attached after its history, read for at its pace, and let go.

import type { Room } from '../hub/room.js'
import type { Subscriber, SubscriberKind } from '../hub/subscriber.js'
import type { Position } from '../model/message.js'
import type { Policy } from '../model/policy.js'
import type { Attachment, Beginning, Reader } from '../ports/connections.js'
import { enter } from './enter.js'
import type { LayerParts } from './parts.js'

/** Of all readers: with thousands of them, none has functions of its own. */
const READING: SubscriberKind = {
  callback(this: Reader, message) {
    this.deliver(message)
  },
  readCallback(this: Reader, message) {
    this.deliver(message, true)
  },
  onReset(this: Reader, event) {
    this.reset(event)
  },
}

/** The channel that it is attached to. */
interface ServedFacts {
  readonly name: string
  readonly parts: LayerParts
  rules(): Policy
}

/** @internal */
export class ChannelAttachment implements Attachment {
  replayed: Promise<void> | undefined
  readonly #channel: ServedFacts
  /** Until the end. */
  #reader: Reader | undefined
  #room: Room | undefined
  #subscriber: Subscriber | undefined

  constructor(channel: ServedFacts, reader: Reader) {
    this.#channel = channel
    this.#reader = reader
  }

  get live(): boolean {
    return this.#subscriber?.live ?? false
  }

  async begin({ userId, history }: Beginning): Promise<void> {
    const { name, parts, rules } = this.#channel
    const room = await enter(parts.hub, name)
    const reader = this.#reader
    if (!reader) return room.watch.release()
    this.#room = room
    this.#subscriber = room.attach(READING, { userId, reader })
    this.replayed = room.replay(this.#subscriber, history, rules().limits, reader.pageLimit)
    void this.replayed?.then(() => {
      this.replayed = undefined
    })
  }

  rewind(position: Position): void {
    if (this.#reader) this.#subscriber?.rewind(position)
  }

  async end(): Promise<void> {
    const [room, subscriber] = [this.#room, this.#subscriber]
    const isOver = this.#reader === undefined
    this.#reader = undefined
    if (isOver || !room || !subscriber) return
    room.detach(subscriber)
    room.watch.release()
    const { hub, presence } = this.#channel.parts
    if (subscriber.userId === null) return
    try {
      await presence.unsubscribed(room, subscriber.userId)
    } catch (error) {
      hub.report(error, { operation: 'unsubscribe', channel: room.name })
    }
  }
}
