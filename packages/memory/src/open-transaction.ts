// A transaction of one process in memory: what is published in it waits here until it commits.

import { ChanError, type Entry, type HistoryLimits, type Transaction } from '@chan/core/backend'

/** A publish that waits for its transaction. */
export interface Enqueued {
  readonly channel: string
  readonly entry: Entry
  readonly limits: HistoryLimits
}

export class OpenTransaction implements Transaction {
  #enqueued: Enqueued[] = []
  #ended = false

  /** @throws {ChanError} `invalid-option` after the end */
  enqueue(publish: Enqueued): void {
    if (this.#ended) throw ended()
    this.#enqueued.push(publish)
  }

  /** Nothing more comes in. Answers what did, in order, and lets go of it. */
  end(): readonly Enqueued[] {
    this.#ended = true
    const enqueued = this.#enqueued
    this.#enqueued = []
    return enqueued
  }

  /** There is nothing to ask. @throws {ChanError} `invalid-option`, always */
  async query(): Promise<never> {
    throw this.#ended ? ended() : noDatabase()
  }
}

/** The `tx` of another layer, or of a database. */
export function foreignTransaction(): ChanError {
  return new ChanError(
    'invalid-option',
    "'tx' is no transaction of this layer: in memory there is no database that it could belong to.",
    'Publish with the tx that layer.transaction() of the same layer gives, or without.',
  )
}

function ended(): ChanError {
  return new ChanError(
    'invalid-option',
    'The transaction has ended.',
    'Use tx only inside the function given to layer.transaction(), and await what it starts.',
  )
}

function noDatabase(): ChanError {
  return new ChanError(
    'invalid-option',
    'A transaction in memory has no database to query.',
    'Use its tx as an option of publish only; for SQL, use a layer on a database.',
  )
}
