// The part of a `ws` WebSocket that this package uses: whoever brings its own copy of ws may.

/** A server-side WebSocket of the `ws` package, version 8 or compatible. */
export interface AcceptedSocket {
  readonly readyState: number
  readonly bufferedAmount: number
  /** The extensions agreed upon; empty for none. */
  readonly extensions?: string
  /** The stream below, which ws keeps to itself: frames are written to it where ws only would. */
  readonly _socket?: RawStream | null
  send(data: string, written: (error?: Error | null) => void): void
  ping(): void
  close(code: number, reason: string): void
  terminate(): void
  on(event: 'message', listener: Listener<[data: unknown, isBinary: boolean]>): unknown
  on(event: 'ping', listener: Listener<[]>): unknown
  on(event: 'pong', listener: Listener<[]>): unknown
  on(event: 'error', listener: Listener<[error: Error]>): unknown
  on(event: 'close', listener: Listener<[code: number, reason: Uint8Array]>): unknown
}

/** The part of the stream below that is used. */
export interface RawStream {
  readonly writable: boolean
  readonly writableLength: number
  /** Of Node's sockets while they are open. */
  readonly _handle?: StreamHandle | null
  write(chunk: Uint8Array, written: (error?: Error | null) => void): boolean
}

/** What Node has below a socket. */
export interface StreamHandle {
  readonly bytesWritten?: number
  /** Those of them that wait for the peer. */
  readonly writeQueueSize?: number
  /** Below a socket that encrypts, the handle of the connection. */
  readonly _parent?: StreamHandle | null
}

/** Called by ws with the socket as `this`. */
type Listener<Args extends readonly unknown[]> = (this: AcceptedSocket, ...args: Args) => void
