// A client's connection and the one that the proxy opens to its target for it.
import { Socket } from 'node:net'
import { Pipe } from './pipe.js'

/** Where the proxy connects to. */
export interface ProxyTarget {
  /** Default `127.0.0.1`. */
  readonly host?: string
  readonly port: number
}

export interface ConnectionEvents {
  /** The client said something for the first time; it has not been passed on yet. */
  onOpening(connection: ProxiedConnection): void
  onPassed(to: 'upstream' | 'client', bytes: number): void
  onClosed(connection: ProxiedConnection, wasReset: boolean): void
}

export class ProxiedConnection {
  /** The first bytes that came from the client. */
  opening: Buffer | undefined
  readonly #target: ProxyTarget
  readonly #client: Socket
  readonly #upstream = new Socket({ allowHalfOpen: true })
  readonly #toUpstream: Pipe
  readonly #toClient: Pipe
  readonly #events: ConnectionEvents
  #held = true
  #dialled = false
  #isOver = false
  #closed = 0

  /** Held until told otherwise. */
  constructor(client: Socket, target: ProxyTarget, events: ConnectionEvents) {
    this.#client = client
    this.#target = target
    this.#events = events
    // Before the pipe listens: who judges by the opening may hold it back.
    client.once('data', (chunk: Buffer) => {
      this.opening = chunk
      events.onOpening(this)
    })
    this.#toUpstream = new Pipe(client, this.#upstream, (n) => events.onPassed('upstream', n))
    this.#toClient = new Pipe(this.#upstream, client, (n) => events.onPassed('client', n))
    for (const socket of [client, this.#upstream]) {
      socket.setNoDelay()
      socket.on('error', () => {})
      socket.on('close', () => this.#lose(socket))
    }
  }

  hold(held: boolean): void {
    this.#held = held
    if (!held) {
      if (this.#client.errored || this.#upstream.errored) return this.reset()
      this.#dial()
    }
    this.#toUpstream.hold(held)
    this.#toClient.hold(held)
  }

  delay(ms: number): void {
    this.#toUpstream.delayMs = ms
    this.#toClient.delayMs = ms
  }

  halfClose(side: 'upstream' | 'client'): void {
    this.#dial()
    if (side === 'upstream') this.#toUpstream.finish()
    else this.#toClient.finish()
  }

  /** Both sides get a reset, whatever was under way is lost. */
  reset(): void {
    this.#finish(true)
    for (const socket of [this.#client, this.#upstream]) {
      // A socket that has not arrived yet would wait for that before it resets.
      if (socket.readyState === 'opening') socket.destroy()
      else socket.resetAndDestroy()
    }
  }

  #dial(): void {
    if (this.#dialled) return
    this.#dialled = true
    this.#upstream.connect({ host: '127.0.0.1', ...this.#target })
  }

  /** Both of its directions ended, or it broke; while held, the other side hears of that later. */
  #lose(socket: Socket): void {
    this.#closed++
    if (this.#isOver) return
    if (this.#closed === 2) this.#finish(false)
    else if (!this.#held && socket.errored) this.reset()
  }

  #finish(wasReset: boolean): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#toUpstream.close()
    this.#toClient.close()
    this.#events.onClosed(this, wasReset)
  }
}
