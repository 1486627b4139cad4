// A TCP proxy that breaks connections in the ways networks do. Put it between a backend and its store.
import { createServer, type Server, type Socket } from 'node:net'
import { ProxiedConnection, type ProxyTarget } from './proxied-connection.js'

/**
 * Chooses connections by the first bytes that their client sent, `(opening) =>
 * opening.includes('listener')`. A connection that has said nothing yet is not chosen.
 */
export type ConnectionSelector = (opening: Buffer) => boolean

/** What went through so far. */
export interface ProxyCounters {
  /** Connections that clients opened. */
  readonly accepted: number
  /** Of them, those open now. */
  readonly open: number
  /** Of them, those that the proxy reset: by `cut()`, or because one side was lost. */
  readonly reset: number
  readonly bytesToUpstream: number
  readonly bytesToClient: number
}

interface Fault<T> {
  readonly value: T
  readonly which: ConnectionSelector | undefined
}

// Below the ports that systems give to outgoing connections: one of these could take ours while we
// refuse, and a client that dials a port that nobody holds may even meet itself.
const LOWEST_PORT = 15_000
const HIGHEST_PORT = 32_000
const LISTEN_MS = 10_000

/** Listens on 127.0.0.1. Faults apply to open and to new connections until they are taken back. */
export class TcpProxy {
  readonly port: number
  #target: ProxyTarget
  #server: Server | undefined
  #hang: Fault<boolean> = { value: false, which: undefined }
  #delay: Fault<number> = { value: 0, which: undefined }
  readonly #connections = new Set<ProxiedConnection>()
  readonly #counters = { accepted: 0, reset: 0, bytesToUpstream: 0, bytesToClient: 0 }

  private constructor(port: number, target: ProxyTarget) {
    this.port = port
    this.#target = target
  }

  /** Starts a proxy to this target, on a free port. The target need not be up. */
  static async listen(target: ProxyTarget): Promise<TcpProxy> {
    for (;;) {
      const port = LOWEST_PORT + Math.floor(Math.random() * (HIGHEST_PORT - LOWEST_PORT))
      const proxy = new TcpProxy(port, target)
      if (await proxy.#listen()) return proxy
    }
  }

  get counters(): ProxyCounters {
    return { ...this.#counters, open: this.#connections.size }
  }

  /** Sends new connections elsewhere: to the standby that was promoted. */
  retarget(target: ProxyTarget): void {
    this.#target = target
  }

  /** Resets connections on both sides. → how many. */
  cut(which?: ConnectionSelector): number {
    const chosen = this.#chosen(which)
    for (const connection of chosen) connection.reset()
    return chosen.length
  }

  /** New connections meet a closed port, as while a server is down; open ones live on. */
  refuse(): void {
    this.#server?.close()
    this.#server = undefined
  }

  /** Takes back `refuse()`. */
  async accept(): Promise<void> {
    const end = performance.now() + LISTEN_MS
    while (!this.#server && !(await this.#listen())) {
      if (performance.now() > end) throw new Error(`Port ${this.port} was taken while refusing`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /**
   * Nothing passes any more, either way, and nobody is told: not even that the other side left. New
   * connections are accepted and met with silence.
   */
  hang(which?: ConnectionSelector): void {
    this.#hang = { value: true, which }
    this.#apply()
  }

  /** Takes back `hang()`: all that was held back passes now. */
  heal(): void {
    this.#hang = { value: false, which: undefined }
    this.#apply()
  }

  /** From now on everything comes so many milliseconds later, in order. 0 takes it back. */
  delay(ms: number, which?: ConnectionSelector): void {
    this.#delay = { value: ms, which }
    this.#apply()
  }

  /**
   * Ends one side of open connections, `'client'`: the client reads the end of the stream and may
   * still write. What the other side sends to the ended one is dropped. → how many.
   */
  halfClose(side: 'upstream' | 'client', which?: ConnectionSelector): number {
    const chosen = this.#chosen(which)
    for (const connection of chosen) connection.halfClose(side)
    return chosen.length
  }

  /** Resets everything and gives the port back. Idempotent. */
  async close(): Promise<void> {
    this.refuse()
    this.cut()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Answers false for a port that is taken. */
  #listen(): Promise<boolean> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) =>
      this.#take(client),
    )
    return new Promise((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'EADDRINUSE') resolve(false)
        else reject(error)
      })
      server.listen(this.port, '127.0.0.1', () => {
        this.#server = server
        resolve(true)
      })
    })
  }

  #take(client: Socket): void {
    this.#counters.accepted++
    const connection = new ProxiedConnection(client, this.#target, {
      onOpening: (one) => this.#applyTo(one),
      onPassed: (to, bytes) => {
        if (to === 'upstream') this.#counters.bytesToUpstream += bytes
        else this.#counters.bytesToClient += bytes
      },
      onClosed: (one, wasReset) => {
        this.#connections.delete(one)
        if (wasReset) this.#counters.reset++
      },
    })
    this.#connections.add(connection)
    this.#applyTo(connection)
  }

  #apply(): void {
    for (const connection of [...this.#connections]) this.#applyTo(connection)
  }

  #applyTo(connection: ProxiedConnection): void {
    connection.delay(applies(this.#delay, connection) ? this.#delay.value : 0)
    connection.hold(applies(this.#hang, connection) && this.#hang.value)
  }

  #chosen(which: ConnectionSelector | undefined): ProxiedConnection[] {
    return [...this.#connections].filter((one) => applies({ which }, one))
  }
}

function applies({ which }: Pick<Fault<unknown>, 'which'>, { opening }: ProxiedConnection) {
  return which === undefined || (opening !== undefined && which(opening))
}
