// What a backend is made of: each part gets what it needs of the others, and all of them begin and
// end in order.

import { type BackendContext, type ConnectionState, systemClock } from '@chan/core/backend'
import { SessionConfig } from './connection/config.js'
import { sqlState } from './connection/errors.js'
import { KeptSession } from './connection/kept-session.js'
import { ReadPool } from './connection/pool.js'
import { Session } from './connection/session.js'
import { Keeper } from './housekeeping/keeper.js'
import { History } from './log/history.js'
import { Reader, type RunQuery } from './log/reader.js'
import type { PgSettings } from './options.js'
import { Outbox } from './outbox/outbox.js'
import { PresenceParts } from './presence/presence-parts.js'
import { Emitter } from './publish/emitter.js'
import { Publisher } from './publish/publisher.js'
import { Listener } from './receive/listener.js'
import { Receiver } from './receive/receiver.js'
import { migrate } from './schema/migrate.js'
import { quoteSchema } from './schema/name.js'
import { assertServer, checkServer } from './schema/server.js'

// The network and the other processes keep real time, whatever clock a layer was given.
const clock = systemClock

/** Longest time to connect in, in milliseconds. */
const CONNECT_MS = 5_000

export class Parts {
  readonly publisher: Publisher
  readonly emitter: Emitter
  readonly reader: Reader
  readonly history: History
  readonly receiver: Receiver
  readonly listener: Listener | undefined
  readonly presence: PresenceParts
  readonly outbox: Outbox
  readonly #settings: PgSettings
  readonly #context: BackendContext
  readonly #schema: string
  readonly #config: SessionConfig
  readonly #writing: KeptSession
  readonly #pool: ReadPool
  /** For what nobody waits for: relaying and housekeeping are not to hold up reads. */
  readonly #chores: ReadPool
  readonly #keeper: Keeper
  #started = false

  constructor(settings: PgSettings, context: BackendContext) {
    const { sink } = context
    this.#settings = settings
    this.#context = context
    this.#schema = quoteSchema(settings.schema)
    this.#config = new SessionConfig(settings.connection)
    this.#pool = new ReadPool({
      clock,
      open: (signal, deadlineMs) => this.#openReader(signal, deadlineMs),
    })
    this.#chores = new ReadPool({
      clock,
      size: 2,
      open: (signal, deadlineMs) => this.#openReader(signal, deadlineMs),
    })
    const chore: RunQuery = (text, values) => this.#change(this.#chores, text, values)
    this.publisher = new Publisher({
      clock,
      schema: this.#schema,
      deadlineMs: settings.publishDeadlineMs,
      serverChanged: async (session) => void (await checkServer(session, this.#schema)),
    })
    this.#writing = new KeptSession({
      name: 'publisher',
      clock,
      open: (signal) => this.#open(this.#config, 'publisher', signal, CONNECT_MS),
      ready: (session, returning) => this.#setUpWriting(session, returning),
      lost: (error) => {
        this.publisher.lost()
        this.outbox.pause()
        this.#keeper.pause()
        this.#announce(error)
      },
      back: () => {
        this.#startChores()
        this.#announce()
      },
      report: (error) => sink.report(error),
    })
    this.emitter = new Emitter({
      emit: async (contents) => {
        const session = this.#writing.session ?? (await this.#writing.whenReady(0))
        await session.query(`select ${this.#schema}.emit($1)`, [contents])
      },
      deliver: (channel, message) => sink.deliver(channel, message),
      proven: (nonce) => this.listener?.proven(nonce),
      watches: (channel) => this.receiver.watches(channel),
    })
    this.reader = new Reader(this.#schema, this.#read)
    this.history = new History(this.#schema, this.write)
    this.receiver = new Receiver({
      clock,
      sink,
      reader: this.reader,
      lostDoorbells: () => this.presence.gap(),
      presence: (content, number) => this.presence.heard(content, number),
      ephemeral: (content) => this.emitter.heard(content),
    })
    this.presence = new PresenceParts({
      clock,
      schema: this.#schema,
      listens: settings.listen,
      publisher: (deadlineMs) => this.#writing.whenReady(deadlineMs),
      read: this.write,
      serverChanged: async (session) => void (await checkServer(session, this.#schema)),
      changed: (channel, change) => this.receiver.presenceChanged(channel, change),
      drawn: (number) => this.receiver.healer.drawn(number),
      report: (error) => sink.report(error),
    })
    this.outbox = new Outbox({
      clock,
      schema: this.#schema,
      query: chore,
      open: (signal, deadlineMs) => this.#open(this.#config, 'transaction', signal, deadlineMs),
      maxTransactions: settings.maxTransactions,
      durable: settings.durability === 'durable',
      pollMs: settings.listen ? settings.outboxPollMs : 0,
      defaultHistory: settings.defaultHistorySize,
      processes: () => this.presence.processes,
      report: (error) => sink.report(error),
    })
    this.#keeper = new Keeper({
      clock,
      schema: this.#schema,
      query: chore,
      recoveryMs: settings.recoveryMs,
      recoveryBytes: settings.recoveryBytes,
      idempotencyMs: settings.idempotencyMs,
      idleChannelTtlMs: settings.idleChannelTtlMs,
      processes: () => this.presence.processes,
      report: (error) => sink.report(error),
    })
    if (settings.listen) this.listener = this.#makeListener()
  }

  /** @throws {ChanError} what is wrong with the set-up */
  async start(): Promise<void> {
    await this.#writing.start()
    await this.listener?.start()
    this.#startChores()
    this.#started = true
  }

  /** Ends everything; what waits is rejected. */
  async close(): Promise<void> {
    this.#started = false
    this.publisher.close()
    this.emitter.close()
    await Promise.all([this.outbox.close(), this.#keeper.close()])
    await this.presence.close()
    await this.listener?.close()
    await Promise.all([this.#writing.close(), this.#pool.close(), this.#chores.close()])
  }

  /** A statement that changes something and may run twice. */
  readonly write: RunQuery = (text, values) => this.#change(this.#pool, text, values)

  stats(): Record<string, number | string> {
    const { publisher, receiver, emitter } = this
    return {
      publisher: this.#writing.state,
      listener: this.listener?.state ?? 'disabled',
      readers: this.#pool.size + this.#chores.size,
      reconnects: this.#writing.reconnects + (this.listener?.reconnects ?? 0),
      waiting: publisher.waiting,
      batches: publisher.batches,
      doorbells: receiver.doorbells,
      references: receiver.references,
      lag: receiver.healer.lag,
      lostDoorbells: receiver.healer.lostDoorbells,
      healed: receiver.healer.healed,
      ephemeralDropped: emitter.dropped,
      relayed: this.outbox.relayed,
      rotations: this.#keeper.rotations,
      rotationsDelayed: this.#keeper.delays,
      watched: receiver.watched.size,
      ...this.presence.stats(),
    }
  }

  /** Without LISTEN a process comes and goes: others do the chores. */
  #startChores(): void {
    this.outbox.start()
    if (this.listener) this.#keeper.start()
  }

  async #change<R extends object>(
    pool: ReadPool,
    text: string,
    values: readonly unknown[],
  ): Promise<R[]> {
    try {
      return await pool.query<R>(text, values)
    } catch (error) {
      if (sqlState(error) !== 'CH001') throw error
      await pool.query(`select ${this.#schema}.check_server()`)
      return pool.query<R>(text, values)
    }
  }

  readonly #read: RunQuery = (text, values) => this.#pool.query(text, values)

  #open(
    config: SessionConfig,
    role: string,
    signal: AbortSignal,
    deadlineMs: number,
  ): Promise<Session> {
    return Session.open(config, { deadlineMs, clock, signal, applicationName: `chan ${role}` })
  }

  /** A reader may be the first to reach another server: what it reads must not bear old epochs. */
  async #openReader(signal: AbortSignal, deadlineMs: number): Promise<Session> {
    const session = await this.#open(this.#config, 'reader', signal, deadlineMs)
    try {
      await checkServer(session, this.#schema)
      return session
    } catch (error) {
      session.destroy()
      throw error
    }
  }

  async #setUpWriting(session: Session, returning: boolean): Promise<void> {
    if (!returning) {
      await assertServer(session)
      const { schema, durability, migrate: allowed } = this.#settings
      await migrate(session, { schema, durability, migrate: allowed })
    }
    await checkServer(session, this.#schema)
    await this.publisher.enter(session)
  }

  #makeListener(): Listener {
    const { listenUrl } = this.#settings
    const config = listenUrl === undefined ? this.#config : new SessionConfig(listenUrl)
    const { sink } = this.#context
    return new Listener({
      clock,
      open: (signal) => this.#open(config, 'listener', signal, CONNECT_MS),
      doorbell: async (session) => (await checkServer(session, this.#schema)).doorbell,
      enter: async (session) => {
        // The proof needs it. A listener that fails after it entered frees its lock, and the others,
        // back already, take the process for dead.
        await this.#writing.whenReady(CONNECT_MS)
        await this.presence.entered(session)
      },
      ring: (nonce) => this.emitter.ring(nonce),
      heard: (payload) => this.receiver.heard(payload),
      listening: async (session) => {
        const [drawn] = await session.query<{ number: number }>(
          `select ${this.#schema}.drawn_number()::float8 as number`,
        )
        this.receiver.healer.restart(drawn?.number ?? 0)
        await this.receiver.compare('connection-lost')
      },
      lost: (error) => {
        this.presence.lost()
        this.#announce(error)
      },
      back: () => this.#announce(),
      report: (error) => sink.report(error),
    })
  }

  /** Connected is who can both publish and hear. */
  #announce(error?: unknown): void {
    if (!this.#started) return
    const { sink } = this.#context
    const all = [this.#writing.state, this.listener?.state ?? 'connected']
    const state: ConnectionState = all.every((one) => one === 'connected')
      ? 'connected'
      : 'reconnecting'
    if (state === 'connected') sink.status(state)
    else sink.status(state, error)
  }
}
