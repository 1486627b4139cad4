// Where a layer stands: it connects on first use, may be told to earlier, and closes once.

import { callSafely } from '../model/call.js'
import { ChanError } from '../model/message.js'
import type { ConnectionState } from '../ports/backend.js'

/** A change of a layer's connection. */
export interface StatusEvent {
  readonly state: ConnectionState
  /** What broke the connection, where something did. */
  readonly error?: unknown
}

/** @internal */
export class Lifecycle {
  readonly #open: () => Promise<void>
  readonly #close: () => Promise<void>
  readonly #failed: (error: unknown) => void
  readonly #listeners = new Set<(event: StatusEvent) => void>()
  readonly #closing = new AbortController()
  #state: ConnectionState = 'idle'
  #opening: Promise<void> | undefined
  #abandon: (reason: unknown) => void = () => {}
  #closed: Promise<void> | undefined
  #isOpen = false

  constructor(
    open: () => Promise<void>,
    close: () => Promise<void>,
    failed: (error: unknown) => void,
  ) {
    this.#open = open
    this.#close = close
    this.#failed = failed
  }

  get state(): ConnectionState {
    return this.#state
  }

  /** The backend is open. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Aborts when closing begins. */
  get closing(): AbortSignal {
    return this.#closing.signal
  }

  /** @throws {ChanError} `layer-closed` from the moment `close` was called */
  assertUsable(): void {
    if (this.#closed) throw layerClosed()
  }

  /** Nothing if the backend is open, else a promise of it. A failure is not remembered. */
  ready(): Promise<void> | undefined {
    if (this.#isOpen) return undefined
    if (this.#closed && !this.#opening) return Promise.reject(layerClosed())
    this.#opening ??= new Promise((resolve, reject) => {
      this.#abandon = reject
      this.#connect().then(resolve, reject)
    })
    return this.#opening
  }

  /** Settles when nobody waits for the backend to open, if anybody does. Never rejects. */
  async opened(): Promise<void> {
    await this.#opening?.catch(() => {})
  }

  /** Whoever still waits for the backend to open is rejected. */
  abandonOpening(): void {
    this.#abandon(layerClosed())
  }

  /** Closes once; every call answers the same promise. */
  close(): Promise<void> {
    this.#closed ??= this.#shutDown()
    return this.#closed
  }

  onStatus(listener: (event: StatusEvent) => void): () => void {
    const entry = (event: StatusEvent) => listener(event)
    this.#listeners.add(entry)
    return () => this.#listeners.delete(entry)
  }

  /** Tells listeners, if the state is new. */
  announce(state: ConnectionState, error?: unknown): void {
    if (state === this.#state || this.#state === 'closed') return
    this.#state = state
    const event: StatusEvent = error === undefined ? { state } : { state, error }
    for (const listener of [...this.#listeners]) {
      // An earlier one may have ended a later one.
      if (this.#listeners.has(listener)) callSafely(() => listener(event), this.#failed)
    }
  }

  async #connect(): Promise<void> {
    this.announce('connecting')
    try {
      await this.#open()
      this.#isOpen = true
      this.announce('connected')
    } catch (error) {
      this.announce('idle', error)
      throw error
    } finally {
      this.#opening = undefined
    }
  }

  async #shutDown(): Promise<void> {
    // Deferred, so that `#closed` is set when listeners of the signal call back.
    await undefined
    this.#closing.abort(layerClosed())
    try {
      await this.#close()
    } finally {
      this.announce('closed')
    }
  }
}

/** Every call after `disconnect` fails like this. */
export function layerClosed(): ChanError {
  return new ChanError(
    'layer-closed',
    'The channel layer was disconnected.',
    'Create a new layer; a disconnected one stays closed.',
  )
}
