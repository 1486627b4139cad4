// A client of the pooler: greeted by the pooler itself, given a server per transaction.
import type { Socket } from 'node:net'
import { type Lessee, LoginFailure, type PooledServer } from './pooled-server.js'
import type { ServerPool } from './server-pool.js'
import {
  decodeStartup,
  encodeFatal,
  encodeMessage,
  MessageReader,
  type WireMessage,
} from './wire-messages.js'

export interface PoolerRules {
  /** Startup parameters that are accepted and come to nothing, besides those every pooler knows. */
  readonly ignored: ReadonlySet<string>
  poolFor(user: string, database: string): ServerPool
}

const KNOWN = new Set([
  'user',
  'database',
  'client_encoding',
  'datestyle',
  'timezone',
  'standard_conforming_strings',
  'application_name',
])
const VERSION_3 = 3
const SSL_REQUEST = 80877103
const GSS_REQUEST = 80877104

const AUTHENTICATION_OK = encodeMessage('R', Buffer.alloc(4))
const KEY_DATA = encodeMessage('K', Buffer.alloc(8))
const READY = encodeMessage('Z', Buffer.from('I'))

/** Each of these is answered by one ReadyForQuery: Query, Sync, FunctionCall. */
const ASKS_FOR_READY = new Set(['Q', 'S', 'F'])
/** These wait for a Sync: Parse, Bind, Describe, Execute, Close, Flush. */
const ASKS_FOR_SYNC = new Set(['P', 'B', 'D', 'E', 'C', 'H'])

export class PoolerClient implements Lessee {
  readonly socket: Socket
  readonly #rules: PoolerRules
  readonly #reader = new MessageReader(false)
  #pool: ServerPool | undefined
  #server: PooledServer | undefined
  #isLeasing = false
  #backlog: Buffer[] = []
  #answersDue = 0
  #needsSync = false

  constructor(socket: Socket, rules: PoolerRules) {
    this.socket = socket
    this.#rules = rules
    socket.setNoDelay()
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('drain', () => this.#server?.resume())
    socket.on('close', () => this.#leave())
  }

  /** The client keeps its server while a transaction is open or an answer is due. */
  fromServer({ type, body, raw }: WireMessage): void {
    if (!this.socket.write(raw)) this.#server?.pause()
    if (type !== 'Z') return
    this.#answersDue--
    const isIdle = body.toString('latin1') === 'I'
    if (isIdle && this.#answersDue === 0 && !this.#needsSync) this.#giveBack()
  }

  serverLost(): void {
    this.#giveBack()
    this.#refuse('08P01', 'server conn crashed?')
  }

  #read(chunk: Buffer): void {
    try {
      for (const message of this.#reader.read(chunk)) {
        if (this.#reader.typed) this.#take(message)
        else this.#begin(message)
      }
    } catch {
      this.#refuse('08P01', 'not the PostgreSQL protocol')
    }
  }

  #begin({ body }: WireMessage): void {
    const code = body.readInt32BE(0)
    if (code === SSL_REQUEST || code === GSS_REQUEST) this.socket.write('N')
    // Cancel requests have no effect, as they may come too late anywhere.
    else if (code >> 16 !== VERSION_3) this.socket.destroy()
    else {
      this.#reader.typed = true
      void this.#greet(decodeStartup(body))
    }
  }

  async #greet(parameters: Readonly<Record<string, string>>): Promise<void> {
    const stranger = Object.keys(parameters).find(
      (name) => !KNOWN.has(name.toLowerCase()) && !this.#rules.ignored.has(name),
    )
    if (stranger) return this.#refuse('08P01', `unsupported startup parameter: ${stranger}`)
    const { user = '', database = user } = parameters
    const pool = this.#rules.poolFor(user, database)
    try {
      const server = await pool.lease()
      pool.release(server)
      this.#pool = pool
      this.socket.write(Buffer.concat([AUTHENTICATION_OK, ...server.greeting, KEY_DATA, READY]))
      this.#forward()
    } catch (error) {
      this.#fail(error)
    }
  }

  #take({ type, raw }: WireMessage): void {
    if (type === 'X') {
      this.socket.end()
      return
    }
    if (ASKS_FOR_READY.has(type)) {
      this.#answersDue++
      this.#needsSync = false
    } else if (ASKS_FOR_SYNC.has(type)) this.#needsSync = true
    this.#backlog.push(raw)
    this.#forward()
  }

  #forward(): void {
    if (this.#backlog.length === 0 || !this.#pool) return
    if (!this.#server) void this.#lease(this.#pool)
    else for (const raw of this.#backlog.splice(0)) this.#server.write(raw)
  }

  async #lease(pool: ServerPool): Promise<void> {
    if (this.#isLeasing) return
    this.#isLeasing = true
    try {
      const server = await pool.lease()
      if (this.socket.destroyed) return pool.release(server)
      this.#server = server
      server.lendTo(this)
      this.#forward()
    } catch (error) {
      this.#fail(error)
    } finally {
      this.#isLeasing = false
    }
  }

  #giveBack(): void {
    if (this.#server) this.#pool?.release(this.#server)
    this.#server = undefined
  }

  /** Whoever leaves in the middle of a transaction takes the server along, which rolls back. */
  #leave(): void {
    this.#server?.destroy()
    this.#giveBack()
  }

  #fail(error: unknown): void {
    if (error instanceof LoginFailure) this.socket.end(error.response)
    else this.socket.destroy()
  }

  #refuse(code: string, message: string): void {
    this.socket.end(encodeFatal(code, message))
  }
}
