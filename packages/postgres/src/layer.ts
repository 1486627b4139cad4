// The layer for programs that run as many processes, on as many machines as they like, with
// PostgreSQL between them.

import { ChannelLayer } from '@chan/core'
import { PgBackend } from './backend.js'
import type { PgLayerOptions } from './options.js'
import type { PgTransaction } from './outbox/transaction.js'

/**
 * Channels over PostgreSQL: every process with the same database (and `schema`) shares messages,
 * history, presence and groups.
 */
export class PgChannelLayer extends ChannelLayer {
  /** @throws {ChanError} `invalid-option` */
  constructor(options: PgLayerOptions) {
    super(new PgBackend(options), options)
  }

  /** As in every layer; this one's `tx` runs the program's own statements, and answers their rows. */
  override transaction<T>(fn: (tx: PgTransaction) => T | Promise<T>): Promise<T> {
    return super.transaction((tx) => fn(tx as PgTransaction))
  }
}
