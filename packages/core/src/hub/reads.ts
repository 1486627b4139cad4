// Reads of the backend: at most so many at a time, so that a gap in many channels does not become a
// storm, and one for all who wait for the same page, so that a crowd that comes back does not either.

import type { HistoryLimits, HistoryQuery } from '../model/history.js'
import type { Position } from '../model/message.js'
import type { HistoryPage, MessageLog, Page, PageLimit } from '../ports/log.js'
import { Limiter } from './limiter.js'

const CONCURRENT_READS = 16

/** A read on its way. */
export interface Reading<P> {
  readonly page: Promise<P>
  /** It began with this call; else it is somebody else's, and may have looked before. */
  readonly fresh: boolean
}

/** @internal */
export class Reads {
  readonly #log: Pick<MessageLog, 'read' | 'history'>
  readonly #limiter = new Limiter(CONCURRENT_READS)
  readonly #pending = new Map<string, Promise<unknown>>()

  constructor(log: Pick<MessageLog, 'read' | 'history'>) {
    this.#log = log
  }

  /** What follows a position, as of now; see `MessageLog.read`. */
  fresh(channel: string, after: Position, limit: PageLimit): Reading<Page> {
    const page = this.#limiter.run(() => this.#log.read(channel, after, limit))
    return { page, fresh: true }
  }

  /** The same, from a read that is under way if there is one. */
  shared(channel: string, after: Position, limit: PageLimit): Reading<Page> {
    return this.#share(['read', channel, after, limit], () => this.#log.read(channel, after, limit))
  }

  /** The beginning of what history shows; see `MessageLog.history`. */
  history(
    channel: string,
    query: HistoryQuery,
    limits: HistoryLimits,
    limit: PageLimit,
  ): Reading<HistoryPage> {
    return this.#share(['history', channel, query, limits, limit], () =>
      this.#log.history(channel, query, limits, limit),
    )
  }

  #share<P>(what: readonly unknown[], read: () => Promise<P>): Reading<P> {
    const key = JSON.stringify(what)
    const pending = this.#pending.get(key) as Promise<P> | undefined
    if (pending) return { page: pending, fresh: false }
    const page = this.#limiter.run(read)
    const over = () => this.#pending.delete(key)
    this.#pending.set(key, page)
    page.then(over, over)
    return { page, fresh: true }
  }
}
