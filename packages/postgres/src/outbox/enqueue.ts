// Puts a message into somebody's transaction: one statement through whatever client runs it.

import type { Entry, HistoryLimits, Transaction } from '@chan/core/backend'

/**
 * A plain insert: in the application's transaction every microsecond counts, and a function costs more
 * than the row. The relay checks what it takes. @param schema the quoted schema
 */
export function enqueueStatement(schema: string): string {
  return `insert into ${schema}.outbox
    (channel, body, sender, msg_id, ts, max_history, ttl_ms, explicit)
    values ($1, $2, $3, $4, $5, $6, $7, $8) returning xid::text`
}

/**
 * Hands the statement to `tx.query` inside this call, so that calls keep their order. Answers the
 * transaction's id, or `undefined` where the client's answer has a shape of its own.
 */
export async function enqueue(
  tx: Transaction,
  statement: string,
  channel: string,
  entry: Entry,
  limits: HistoryLimits,
): Promise<string | undefined> {
  const { body, sender, id, timestamp } = entry
  const { maxHistory, historyTtlMs, explicit } = limits
  const ttl = historyTtlMs === null ? null : Math.ceil(historyTtlMs)
  const values = [channel, body, sender, id, timestamp, maxHistory, ttl, explicit]
  return transactionId(await tx.query(statement, values))
}

/** pg and most others answer `{ rows }`, some the rows; a row is an object or an array. */
function transactionId(answer: unknown): string | undefined {
  const rows = Array.isArray(answer) ? answer : (answer as { rows?: unknown } | null)?.rows
  const row: unknown = Array.isArray(rows) ? rows[0] : undefined
  if (typeof row !== 'object' || row === null) return undefined
  const xid = String(Object.values(row)[0])
  return /^\d+$/.test(xid) ? xid : undefined
}
