// What users hold of a connected socket.

import { type Channel, refuse } from '@chan/core/connections'
import { ChanError } from '@chan/protocol'
import type { SendOutcome } from '../port/port.js'
import type { Connection } from './connection.js'
import { type Forward, type ForwardOptions, forward } from './forward.js'

/** A connected socket, the same on every adapter. */
export interface ChannelSocket {
  /** Unique over processes. */
  readonly id: string
  /** Aborts when the connection ends or begins to, whoever ends it. */
  readonly signal: AbortSignal
  /** Bytes that wait for the peer, in this process. */
  readonly bufferedBytes: number
  /**
   * Sends one text frame. `sent`: the transport took it; `buffered`: it waits for the peer;
   * `dropped`: the socket is closing or closed, or was just closed (1013) because more than
   * `maxBufferedBytes` and 64 KiB would wait. Never throws for a closed socket.
   */
  send(text: string): SendOutcome
  /**
   * Starts the closing handshake, after frames already sent. Later calls do nothing.
   * @param code 1000 (default), 1001, 1003, 1007–1014 or 3000–4999
   * @param reason cut to 123 bytes of UTF-8, the most a close frame holds
   * @throws {ChanError} `invalid-option` for another code
   */
  close(code?: number, reason?: string): void
  /**
   * Also sends another channel's messages to this socket, in the bridge's shape, until the socket is
   * closed: direct messages, for example. A channel that is bridged or forwarded to the socket already
   * arrives once, without history another time, and what any of them wants goes out. Nothing happens on
   * a closed socket.
   * @throws {PermissionError} the channel's `authFn` does not allow it
   * @throws {ChanError} `limit-reached` above `maxChannels`, and whatever `subscribe` rejects with
   */
  forward<T, P>(channel: Channel<T, P>, options?: ForwardOptions<T>): Promise<Forward>
}

/** @internal */
export class ConnectedSocket implements ChannelSocket {
  readonly #connection: Connection
  #ended: AbortController | undefined

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /**
   * The connection behind a socket.
   * @throws {ChanError} `invalid-option` for what is no socket
   */
  static connectionOf(socket: unknown): Connection {
    const isOurs = typeof socket === 'object' && socket !== null && #connection in socket
    refuse(!isOurs, 'socket', 'the socket that a route handler or adoptSocket gave')
    return (socket as ConnectedSocket).#connection
  }

  get id(): string {
    return this.#connection.id
  }

  /** Made when first asked for: most sockets are only bridged, and it costs 1 KiB. */
  get signal(): AbortSignal {
    if (!this.#ended) {
      const ended = new AbortController()
      this.#connection.onEnd(() => ended.abort())
      this.#ended = ended
    }
    return this.#ended.signal
  }

  get bufferedBytes(): number {
    return this.#connection.outbox.bufferedBytes
  }

  send(text: string): SendOutcome {
    return this.#connection.outbox.send(text)
  }

  close(code = 1000, reason = ''): void {
    if (!isSendable(code)) {
      throw new ChanError(
        'invalid-option',
        `${String(code)} is not a close code that may be sent.`,
        'Use 1000, 1001, 1003, 1007–1014, or 3000–4999 for codes of your own.',
      )
    }
    this.#connection.close(code, reason)
  }

  forward<T, P>(channel: Channel<T, P>, options: ForwardOptions<T> = {}): Promise<Forward> {
    return forward(this.#connection, channel, options)
  }
}

function isSendable(code: number): boolean {
  if (!Number.isInteger(code)) return false
  if (code >= 3000) return code <= 4999
  return code === 1000 || code === 1001 || code === 1003 || (code >= 1007 && code <= 1014)
}
