// The plain objects that messages are made from and turned into.

/** What `new Message` takes. */
export interface MessageInit<T = unknown> {
  /** The channel's name. */
  readonly channel: string
  /** The data; kept as JSON would give it back. */
  readonly data: T
  /** Who sent it; null (default) is nobody in particular. */
  readonly sender?: string | null | undefined
  /** Unix time in seconds, fractional; default now. */
  readonly timestamp?: number | undefined
  /** The place in the channel's order, from 1; absent for ephemeral and not yet stored messages. */
  readonly offset?: number | undefined
  /** The numbering that `offset` belongs to. */
  readonly epoch?: string | undefined
  /** The id that makes publishing it idempotent. */
  readonly id?: string | undefined
}

/** What `Message.fromStored` takes: validated parts, with the data as JSON text. */
export interface StoredMessage {
  readonly channel: string
  /** The JSON text of the data. It is trusted to be JSON. */
  readonly body: string
  readonly sender: string | null
  /** Unix time in seconds, fractional. */
  readonly timestamp: number
  readonly offset?: number | undefined
  readonly epoch?: string | undefined
  readonly id?: string | undefined
}

/** The plain object form of a message; the optional keys are there where they are assigned. */
export interface MessageObject<T = unknown> {
  channel: string
  data: T
  sender: string | null
  timestamp: number
  offset?: number
  epoch?: string
  id?: string
}
