// A message: its envelope, the JSON text of its data, and the JSON text of the whole.
// Encoded once, parsed at most once and only if read. One is made per publish, so it stays lean.

import { checkMessageOptions, readMessageFields } from './message-fields.js'
import type { MessageInit, MessageObject, StoredMessage } from './message-parts.js'
import { validateChannelName } from './names.js'
import { encodePayload, freezeDeep } from './payload.js'

const stored = Symbol('stored')
const unread = Symbol('unread')

/**
 * One message of a channel. Read-only: all subscribers of a process share it, and `data` is frozen
 * all the way down. `data` is a getter: to copy a message into an object, spread `message.toJSON()`.
 */
export class Message<T = unknown> {
  /** The channel's name. */
  readonly channel: string
  /** Who sent it, or null. */
  readonly sender: string | null
  /** Unix time in seconds, fractional. */
  readonly timestamp: number
  /**
   * The place in the channel's order, from 1; undefined for ephemeral messages, and for what `publish`
   * answers inside a transaction.
   */
  readonly offset: number | undefined
  /** The numbering that `offset` belongs to. */
  readonly epoch: string | undefined
  /** The id given at publishing, if any. */
  readonly id: string | undefined
  /** The JSON text of the data. */
  readonly body: string
  #data: T | typeof unread
  #text: string | undefined

  /**
   * Encodes the data at once, so that the message holds what JSON gives back.
   * @throws {ChanError} `invalid-channel-name`, `invalid-payload` (see `encodePayload`), and
   * `invalid-option` for a malformed sender, timestamp, offset, epoch or id
   */
  constructor(init: MessageInit<T>)
  /** @internal */
  constructor(init: StoredMessage, trusted: typeof stored)
  constructor(init: MessageInit<T> | StoredMessage, trusted?: typeof stored) {
    if (trusted !== stored) {
      validateChannelName(init.channel)
      checkMessageOptions(init)
    }
    this.channel = init.channel
    this.sender = init.sender ?? null
    // JSON has no -0.
    this.timestamp = (init.timestamp ?? Date.now() / 1000) + 0
    this.offset = init.offset
    this.epoch = init.epoch
    this.id = init.id
    this.body =
      trusted === stored
        ? (init as StoredMessage).body
        : encodePayload((init as MessageInit<T>).data)
    this.#data = unread
    this.#text = undefined
    // One callback must not change what the others, and browsers, get to see.
    Object.freeze(this)
  }

  /**
   * Makes a message from parts that were validated and encoded before (the hot path): checks
   * nothing, parses nothing.
   */
  static fromStored<T = unknown>(parts: StoredMessage): Message<T> {
    return new Message<T>(parts, stored)
  }

  /**
   * Reads a message's JSON text. Absent `sender` is null and absent `timestamp` is now, as in
   * `new Message`; unknown keys (also `__proto__`) are ignored. The data is as JSON gives it back: a
   * `-0` becomes 0.
   * @throws {ChanError} `invalid-payload`, telling what is malformed; also for numbers that are
   * infinite in JavaScript (`1e999`)
   */
  static fromJson<T = unknown>(text: string): Message<T> {
    const fields = readMessageFields(text)
    return new Message<T>({ ...fields, body: encodePayload(fields.data) }, stored)
  }

  /** The data: one frozen value, parsed on the first read and shared by all readers. */
  get data(): T {
    if (this.#data === unread) this.#data = freezeDeep(JSON.parse(this.body) as T)
    return this.#data as T
  }

  /** `timestamp` as a Date (a new one at each read). */
  get date(): Date {
    return new Date(this.timestamp * 1000)
  }

  /** The JSON text: channel, data, sender, timestamp, then offset, epoch, id where assigned. */
  toJson(): string {
    this.#text ??= `${envelope(this)}}`
    return this.#text
  }

  /** The plain object that `JSON.stringify(message)` encodes; its keys are in the order of `toJson`. */
  toJSON(): MessageObject<T> {
    const { channel, data, sender, timestamp, offset, epoch, id } = this
    const object: MessageObject<T> = { channel, data, sender, timestamp }
    if (offset !== undefined) object.offset = offset
    if (epoch !== undefined) object.epoch = epoch
    if (id !== undefined) object.id = id
    return object
  }

  /** Node's console shows the data too, which as a getter it would leave out. */
  [Symbol.for('nodejs.util.inspect.custom')](): MessageObject<T> {
    return this.toJSON()
  }
}

/** The text without its closing brace. The body goes in as it is: it is never encoded twice. */
function envelope(m: Message): string {
  let text = `{"channel":${JSON.stringify(m.channel)},"data":${m.body},"sender":`
  text += `${m.sender === null ? 'null' : JSON.stringify(m.sender)},"timestamp":${m.timestamp}`
  if (m.offset !== undefined) text += `,"offset":${m.offset}`
  if (m.epoch !== undefined) text += `,"epoch":${JSON.stringify(m.epoch)}`
  if (m.id !== undefined) text += `,"id":${JSON.stringify(m.id)}`
  return text
}
