// One connection of the pooler to the server, lent to a client for the time of a transaction.
import { connect, type Socket } from 'node:net'
import { encodeFatal, encodeStartup, MessageReader, type WireMessage } from './wire-messages.js'

export interface Lessee {
  readonly socket: Socket
  fromServer(message: WireMessage): void
  serverLost(): void
}

/** Why a client cannot have a server, in the words that it is to read. */
export class LoginFailure extends Error {
  readonly response: Buffer

  constructor(response: Buffer) {
    super('The server refused the pooler')
    this.response = response
  }
}

export class PooledServer {
  /** The ParameterStatus messages that every client of ours is greeted with. */
  readonly greeting: Buffer[] = []
  readonly #socket: Socket
  readonly #reader = new MessageReader(true)
  readonly #login: Promise<void>
  #settleLogin: { resolve: () => void; reject: (error: Error) => void } | undefined
  #lessee: Lessee | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    this.#login = new Promise((resolve, reject) => {
      this.#settleLogin = { resolve, reject }
    })
    socket.setNoDelay()
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      for (const message of this.#reader.read(chunk)) this.#take(message)
    })
    socket.on('drain', () => this.#lessee?.socket.resume())
    socket.on('close', () => this.#lose())
  }

  /** Rejects with a `LoginFailure`. */
  static async open(port: number, user: string, database: string): Promise<PooledServer> {
    const server = new PooledServer(connect(port, '127.0.0.1'))
    server.#socket.write(encodeStartup({ user, database, client_encoding: 'UTF8' }))
    await server.#login
    return server
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed
  }

  /** Everything the server says goes to this client, until `undefined` takes it back. */
  lendTo(lessee: Lessee | undefined): void {
    this.#lessee?.socket.resume()
    this.#lessee = lessee
    this.#socket.resume()
  }

  write(raw: Buffer): void {
    if (!this.#socket.write(raw)) this.#lessee?.socket.pause()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  destroy(): void {
    this.#lessee = undefined
    this.#socket.destroy()
  }

  #take(message: WireMessage): void {
    if (this.#settleLogin) this.#logIn(message)
    // Between transactions a server has nobody to talk to: its notifications are lost.
    else this.#lessee?.fromServer(message)
  }

  #logIn({ type, body, raw }: WireMessage): void {
    if (type === 'S') this.greeting.push(Buffer.from(raw))
    if (type === 'R' && body.readInt32BE(0) !== 0) {
      this.#refuse(encodeFatal('08P01', 'the pooler logs in by trust only'))
    }
    if (type === 'E') this.#refuse(Buffer.from(raw))
    if (type !== 'Z') return
    this.#settleLogin?.resolve()
    this.#settleLogin = undefined
  }

  #refuse(response: Buffer): void {
    this.#settleLogin?.reject(new LoginFailure(response))
    this.#socket.destroy()
  }

  #lose(): void {
    this.#refuse(encodeFatal('08006', 'the pooler cannot reach the server'))
    const lessee = this.#lessee
    this.#lessee = undefined
    lessee?.serverLost()
  }
}
