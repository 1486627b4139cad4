// A raw socket while its admission is pending. Nobody else reads it then: a peer that leaves would
// not be noticed, an error would end the process, and what it sends early would be lost.

import type { Duplex } from 'node:stream'

/** A peer may send so much before it knows that it is admitted; then it is made to wait. */
const MAX_EARLY_BYTES = 64 * 1024

/** @internal */
export class PendingUpgrade {
  readonly #socket: Duplex
  readonly #chunks: Buffer[]
  readonly #abandoned = new AbortController()
  #bytes = 0

  /** @param head what came with the request */
  constructor(socket: Duplex, head: Buffer) {
    this.#socket = socket
    this.#chunks = [head]
    socket.on('error', this.#abandon)
    socket.on('end', this.#abandon)
    socket.on('close', this.#abandon)
    socket.on('data', this.#keep)
  }

  /** Aborts when the peer leaves. */
  get abandoned(): AbortSignal {
    return this.#abandoned.signal
  }

  /** Lets go of the socket. Answers what it has sent early; it is paused and has to be resumed. */
  release(): Buffer {
    this.#socket.off('error', this.#abandon)
    this.#socket.off('end', this.#abandon)
    this.#socket.off('close', this.#abandon)
    this.#socket.off('data', this.#keep)
    this.#socket.pause()
    return Buffer.concat(this.#chunks)
  }

  readonly #keep = (chunk: Buffer): void => {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    if (this.#bytes > MAX_EARLY_BYTES) this.#socket.pause()
  }

  readonly #abandon = (): void => {
    this.#abandoned.abort()
    // The HTTP server allows half-open sockets; a WebSocket has no use for them.
    this.#socket.destroy()
  }
}
