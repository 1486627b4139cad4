// A text frame on its way to sockets: made once, however many sockets it goes to.

import { byteLength, type Message } from '@chan/protocol'

/** A channel's message as a frame, or what the server has to say by itself. */
export class Frame {
  readonly text: string
  /** Length of the text in UTF-8. */
  readonly bytes: number
  /** @internal The message; undefined for a control frame. */
  readonly message: Message | undefined
  /** @internal The channel that the message is of, as all who receive it know it. */
  readonly source: object | undefined
  /** @internal It was read for whoever it goes to, and can be read again. */
  readonly isRead: boolean
  /** For the adapter, to keep what it made of the text. */
  wire: unknown = undefined

  /** @internal */
  constructor(text: string, message?: Message, source?: object, isRead = false) {
    this.text = text
    this.bytes = byteLength(text)
    this.message = message
    this.source = source
    this.isRead = isRead
  }
}
