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
  on(event: 'message', listener: (data: unknown, isBinary: boolean) => void): unknown
  on(event: 'pong', listener: () => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'close', listener: (code: number, reason: Uint8Array) => void): unknown
}

/** The part of the stream below that is used. */
export interface RawStream {
  readonly writableLength: number
  write(chunk: Uint8Array, written: (error?: Error | null) => void): boolean
}
