// A text frame on its way to sockets: made once, however many sockets it goes to.

import type { SlowConsumer } from '@chan/core/connections'
import { byteLength, type Message } from '@chan/protocol'

/** A channel's message as a frame. */
export class Frame {
  readonly message: Message
  readonly text: string
  /** Length of the text in UTF-8. */
  readonly bytes: number
  /** @internal What becomes of it where the peer is too slow. */
  readonly slow: SlowConsumer
  /** For the adapter, to keep what it made of the text. */
  wire: unknown = undefined

  /** @internal */
  constructor(message: Message, slow: SlowConsumer) {
    this.message = message
    this.text = message.toJson()
    this.bytes = byteLength(this.text)
    this.slow = slow
  }
}
