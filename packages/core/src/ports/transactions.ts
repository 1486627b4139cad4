// Port: publishing inside a transaction of the database.

import type { HistoryLimits } from '../model/history.js'
import type { Entry } from './log.js'

/**
 * An open transaction: a client of `pg`, or anything else with such a `query`. Whatever it answers is
 * awaited.
 */
export interface Transaction {
  query(text: string, values?: unknown[]): unknown
}

/**
 * **B12** what was enqueued in a transaction MUST be appended iff that transaction commits: in the
 * order of the `enqueue` calls, by itself (also if this process dies right after the commit), and
 * without a trace if it does not commit. Appending may come after the commit. There is no order
 * between transactions, nor towards `append`. A transaction that has enqueued and stays open MUST NOT
 * make any other publisher wait.
 */
export interface TransactionalLog {
  /**
   * Adds the entry to the transaction; resolves when it is in, without a place yet. MUST keep the
   * order of the calls with one `tx`, and hand what it does with `tx` to `tx.query` inside the call:
   * a caller may end the transaction right after it. Where the channel knows the entry's `id` by the
   * time of appending, nothing is appended (B1). The entry is never ephemeral.
   *
   * MUST reject with `invalid-option` where the backend cannot use this `tx`, one of its own that has
   * ended included; otherwise as `append` does (B11). What `tx.query` rejects with is passed on.
   */
  enqueue(tx: Transaction, channel: string, entry: Entry, limits: HistoryLimits): Promise<void>

  /**
   * Begins a transaction, calls `run` once with it, commits when `run` resolves and rolls back when
   * it rejects. MUST resolve, to what `run` resolved to, only if the transaction is known to have
   * committed; MUST reject with the very reason of `run`, and else with `unavailable` (not committed)
   * or `outcome-unknown`. `run` may take its time: B11 holds for the steps before and after it.
   *
   * `tx` MUST be an object that no other transaction has had. From when `run` has settled, its
   * `query` MUST reject with `invalid-option`. A transaction begun while another one runs, also
   * inside its `run`, is one of its own. `close` rolls back what is open (B10).
   */
  transaction<T>(run: (tx: Transaction) => Promise<T>): Promise<T>
}
