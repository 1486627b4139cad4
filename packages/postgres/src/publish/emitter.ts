// Messages that are not stored: delivered in this process at once, and to the others by a doorbell
// if there is a connection; nothing is kept for later.

import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { ChanError, type Entry, Message } from '@chan/core/backend'
import { FIELD, PART, RECORD } from '../packing.js'
import { DOORBELL_BYTES, DoorbellPacker } from '../receive/doorbell-size.js'

/** Records that wait for the connection; above it the oldest are let go (B6). */
const MAX_WAITING = 1_000

/** What an emitter needs. */
export interface EmitterHost {
  /** Sends doorbells, separated by PART. */
  emit(contents: string): Promise<void>
  deliver(channel: string, message: Message): void
  /** A proof that doorbells arrive came back. */
  proven(nonce: string): void
  watches(channel: string): boolean
}

export class Emitter {
  readonly #host: EmitterHost
  /** Tells this process's own echo from what others say. */
  readonly #tag = randomBytes(6).toString('base64url')
  #waiting: string[] = []
  #sending = false
  #closed = false
  /** Records that were let go, for the statistics. */
  dropped = 0

  constructor(host: EmitterHost) {
    this.#host = host
  }

  /** @throws {ChanError} `payload-too-large` for more than one doorbell carries */
  append(channel: string, entry: Entry): Message {
    const { body, sender, timestamp } = entry
    const record = [this.#tag, channel, timestamp, sender ?? '', body].join(FIELD)
    refuseTooLarge(channel, Buffer.byteLength(record))
    const message = Message.fromStored({ channel, body, sender, timestamp })
    this.#host.deliver(channel, message)
    this.#waiting.push(record)
    if (this.#waiting.length > MAX_WAITING) {
      this.#waiting.shift()
      this.dropped++
    }
    this.#schedule()
    return message
  }

  /** Rings for this process alone. */
  ring(nonce: string): Promise<void> {
    return this.#host.emit([this.#tag, '', nonce].join(FIELD))
  }

  /** Reads an `E` doorbell. */
  heard(content: string): void {
    for (const record of content.split(RECORD)) {
      const [tag, channel, timestamp, sender, body] = record.split(FIELD)
      if (channel === '') {
        if (tag === this.#tag && timestamp !== undefined) this.#host.proven(timestamp)
      } else if (tag !== this.#tag && channel !== undefined && body !== undefined) {
        if (!this.#host.watches(channel)) continue
        const from = sender === undefined || sender === '' ? null : sender
        const parts = { channel, body, sender: from, timestamp: Number(timestamp) }
        this.#host.deliver(channel, Message.fromStored(parts))
      }
    }
  }

  close(): void {
    this.#closed = true
    this.#waiting = []
  }

  #schedule(): void {
    if (this.#sending || this.#closed) return
    this.#sending = true
    queueMicrotask(() => void this.#send())
  }

  async #send(): Promise<void> {
    while (this.#waiting.length > 0) {
      const records = this.#waiting
      this.#waiting = []
      try {
        await this.#host.emit(packed(records))
      } catch {
        // At most once: without a connection they are lost, as is what waited meanwhile.
        this.dropped += records.length + this.#waiting.length
        this.#waiting = []
      }
    }
    this.#sending = false
  }
}

function packed(records: readonly string[]): string {
  const packer = new DoorbellPacker()
  const doorbells: string[][] = []
  for (const record of records) {
    const piece = packer.place(Buffer.byteLength(record) + 1)
    const doorbell = doorbells[piece - 1]
    if (doorbell) doorbell.push(record)
    else doorbells.push([record])
  }
  return doorbells.map((doorbell) => doorbell.join(RECORD)).join(PART)
}

function refuseTooLarge(channel: string, bytes: number): void {
  const limit = DOORBELL_BYTES - 1
  if (bytes <= limit) return
  throw new ChanError(
    'payload-too-large',
    `An ephemeral message of ${bytes} bytes for '${channel}' is over the limit of ${limit} bytes.`,
    'Publish it stored, or make it smaller: ephemeral messages travel in one notification.',
    { details: { channel, limit, actual: bytes } },
  )
}
