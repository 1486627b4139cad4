// What history shows of a channel, and what changes it: limits that somebody names, and clearing.

import {
  type HistoryLimits,
  type HistoryPage,
  type HistoryQuery,
  historyWindow,
  limitsInForce,
  type PageLimit,
  type Position,
} from '@chan/core/backend'
import { type RunQuery, toMessage } from './reader.js'

interface Facts {
  readonly epoch: string
  readonly top: number
  readonly floor: number
  readonly maxHistory: number
  readonly ttlMs: number | null
  readonly explicit: boolean
}

interface Row {
  readonly offset: number
  readonly ts: number
  readonly sender: string | null
  readonly id: string | null
  readonly body: string
  /** Whether there is a message after it. */
  readonly more: boolean
}

const NOTHING: HistoryPage = { messages: [], more: false }

export class History {
  readonly #schema: string
  readonly #query: RunQuery

  /** @param schema the quoted schema */
  constructor(schema: string, query: RunQuery) {
    this.#schema = schema
    this.#query = query
  }

  /** @param now in milliseconds, for the age limit */
  async show(
    channel: string,
    query: HistoryQuery,
    limits: HistoryLimits,
    limit: PageLimit,
    now: number,
  ): Promise<HistoryPage> {
    let facts = await this.#facts(channel)
    if (facts && this.#changes(facts, limits)) {
      await this.#query(`select ${this.#schema}.change_limits($1, $2, $3)`, [
        channel,
        limits.maxHistory,
        limits.historyTtlMs,
      ])
      facts = await this.#facts(channel)
    }
    if (!facts) return NOTHING
    const shown = facts.explicit ? stored(facts) : limits
    const top: Position = { epoch: facts.epoch, offset: facts.top }
    const { after, upTo } = historyWindow(top, facts.floor, shown, query)
    if (after >= upTo) return NOTHING
    const oldest = shown.historyTtlMs === null ? null : (now - shown.historyTtlMs) / 1000
    const rows = await this.#query<Row>(
      `select * from ${this.#schema}.history_range($1, $2, $3, $4, $5, $6)`,
      [channel, after, upTo, oldest, bound(limit.messages), bound(limit.bytes)],
    )
    const messages = rows.map((row) => toMessage(channel, top.epoch, row))
    return { messages, more: rows.at(-1)?.more ?? false }
  }

  async clear(channel: string): Promise<void> {
    await this.#query(`select ${this.#schema}.clear_history($1)`, [channel])
  }

  async #facts(channel: string): Promise<Facts | undefined> {
    const [facts] = await this.#query<Facts>(
      `select epoch, top, floor, max_history as "maxHistory", ttl_ms as "ttlMs", explicit
        from ${this.#schema}.history_facts($1)`,
      [channel],
    )
    return facts
  }

  #changes(facts: Facts, limits: HistoryLimits): boolean {
    const current = stored(facts)
    // Defaults are kept with the next publish; showing by them needs no write.
    return limits.explicit && limitsInForce(current, limits) !== current
  }
}

/** As SQL wants it: at least one message is in a page if there is one, and null is no bound. */
function bound(limit: number): number | null {
  return limit <= Number.MAX_SAFE_INTEGER ? Math.max(1, Math.ceil(limit)) : null
}

function stored({ maxHistory, ttlMs, explicit }: Facts): HistoryLimits {
  return { maxHistory, historyTtlMs: ttlMs, explicit }
}
