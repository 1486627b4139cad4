// Publishing inside transactions, in one piece: what goes into them, those that the layer runs, and
// the relay that stores what was committed.

import {
  type Entry,
  type HistoryLimits,
  layerClosed,
  type Transaction,
  type TransactionalLog,
} from '@chan/core/backend'
import { enqueue, enqueueStatement } from './enqueue.js'
import { Relay, type RelayHost } from './relay.js'
import { TransactionSessions, type TransactionSessionsOptions } from './sessions.js'
import { PgTransaction } from './transaction.js'
import { TransactionRunner } from './transaction-runner.js'

export interface OutboxHost extends RelayHost {
  /** See `TransactionSessionsOptions.open`. */
  open: TransactionSessionsOptions['open']
  /** Most transactions of the layer at a time. */
  readonly maxTransactions: number
  /** Whether the schema was installed as durable. */
  readonly durable: boolean
}

export class Outbox implements TransactionalLog {
  readonly #statement: string
  readonly #sessions: TransactionSessions
  readonly #runner: TransactionRunner
  readonly #relay: Relay
  #closed = false

  constructor(host: OutboxHost) {
    const { clock, schema, open, durable } = host
    this.#statement = enqueueStatement(schema)
    this.#relay = new Relay(host)
    this.#sessions = new TransactionSessions({
      clock,
      open: (signal, deadlineMs) => open(signal, deadlineMs),
      size: host.maxTransactions,
    })
    this.#runner = new TransactionRunner({
      clock,
      sessions: this.#sessions,
      durable,
      committed: () => this.#relay.kick(),
    })
  }

  /** Connections for transactions, idle or not. */
  get sessions(): number {
    return this.#sessions.size
  }

  /** Messages that this process has stored for transactions, its own and others'. */
  get relayed(): number {
    return this.#relay.relayed
  }

  /** The database is there: relaying begins, or goes on. */
  start(): void {
    this.#relay.start()
  }

  /** The database is away: relaying waits for `start`. */
  pause(): void {
    this.#relay.pause()
  }

  async enqueue(
    tx: Transaction,
    channel: string,
    entry: Entry,
    limits: HistoryLimits,
  ): Promise<void> {
    if (this.#closed) throw layerClosed()
    const xid = await enqueue(tx, this.#statement, channel, entry, limits)
    // Of its own transactions the layer knows when they commit.
    if (tx instanceof PgTransaction) tx.published = true
    else this.#relay.expect(xid)
  }

  transaction<T>(run: (tx: PgTransaction) => Promise<T>): Promise<T> {
    return this.#closed ? Promise.reject(layerClosed()) : this.#runner.run(run)
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([this.#sessions.close(), this.#relay.close()])
  }
}
