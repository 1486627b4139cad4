// Publishing inside transactions: the callers' own, and those that the layer runs, which take what was
// published in them along, or fail with it.

import type { HistoryLimits } from '../model/history.js'
import { ChanError, Message } from '../model/message.js'
import type { Entry } from '../ports/log.js'
import type { Transaction, TransactionalLog } from '../ports/transactions.js'
import { Flights } from './flights.js'
import type { Lifecycle } from './lifecycle.js'
import { TransactionScope } from './transaction-scope.js'
import { Turns } from './turns.js'

/** What a publish in a transaction is made of. */
export interface Enlisted {
  readonly channel: string
  readonly limits: HistoryLimits
  readonly entry: Entry | Promise<Entry>
}

/** @internal */
export class Transactions {
  /** Put into transactions since the layer was made. */
  published = 0
  readonly #log: TransactionalLog
  readonly #lifecycle: Lifecycle
  readonly #delivered: () => Promise<void> | undefined
  readonly #flights = new Flights()
  /** Kept apart from those of direct publishes: there is no order between the two. */
  readonly #turns = new Turns<Transaction>()
  /** Of the transactions that this layer runs or has run. */
  readonly #scopes = new WeakMap<Transaction, TransactionScope>()
  #abandoned: Error | undefined

  constructor(
    log: TransactionalLog,
    lifecycle: Lifecycle,
    delivered: () => Promise<void> | undefined,
  ) {
    this.#log = log
    this.#lifecycle = lifecycle
    this.#delivered = delivered
  }

  /** Runs `work` in a transaction of its own. */
  run<T>(work: (tx: Transaction) => T | Promise<T>): Promise<T> {
    return this.#flights.track(this.#run(work), this.#delivered)
  }

  /**
   * Puts into `tx` what `prepare` gives. Where it gives it at once and nothing is waited for, the
   * entry reaches the backend inside this call. In a transaction of this layer a failure is one of
   * the transaction as well, so whoever lets go of the answer loses nothing.
   */
  publish(tx: Transaction, prepare: () => Enlisted): Promise<Message> {
    const scope = this.#scopes.get(tx)
    if (scope?.ended) return Promise.reject(transactionEnded())
    const publishing = this.#flights.track(this.#publish(tx, scope, prepare))
    scope?.include(publishing)
    return publishing
  }

  /** Resolves when every transaction and every publish in one has settled. */
  settled(): Promise<void> {
    return this.#flights.settled()
  }

  /** Rejects what has not settled. What still runs is not committed any more. */
  abandon(reason: Error): void {
    this.#abandoned = reason
    this.#flights.abandon(reason)
  }

  async #run<T>(work: (tx: Transaction) => T | Promise<T>): Promise<T> {
    await this.#lifecycle.ready()
    this.#assertOpen()
    return this.#log.transaction(async (tx) => {
      const scope = new TransactionScope()
      this.#scopes.set(tx, scope)
      const result = await scope.run(() => work(tx))
      this.#assertOpen()
      return result
    })
  }

  async #publish(
    tx: Transaction,
    scope: TransactionScope | undefined,
    prepare: () => Enlisted,
  ): Promise<Message> {
    // A transaction that began before the layer was told to close may be carried to its end.
    if (scope === undefined) this.#lifecycle.assertUsable()
    const { channel, limits, entry } = prepare()
    const waits = this.#turns.busy(tx) || !this.#lifecycle.isOpen
    if (!waits && !(entry instanceof Promise)) return this.#enqueue(tx, channel, entry, limits)
    // Its failure is heard in its turn, even if that comes later.
    if (entry instanceof Promise) entry.catch(() => {})
    return this.#turns.run(tx, async () => {
      await this.#lifecycle.ready()
      return this.#enqueue(tx, channel, await entry, limits)
    })
  }

  async #enqueue(
    tx: Transaction,
    channel: string,
    entry: Entry,
    limits: HistoryLimits,
  ): Promise<Message> {
    this.#assertOpen()
    await this.#log.enqueue(tx, channel, entry, limits)
    this.published++
    const { body, sender, timestamp, id } = entry
    return Message.fromStored({ channel, body, sender, timestamp, id: id ?? undefined })
  }

  #assertOpen(): void {
    if (this.#abandoned) throw this.#abandoned
  }
}

function transactionEnded(): ChanError {
  return new ChanError(
    'invalid-option',
    'The transaction of this publish has ended.',
    'Publish before the function given to layer.transaction() returns, and await what it starts.',
  )
}
