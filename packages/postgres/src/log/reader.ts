// Reads of the log: where channels stand, and what follows a position. The reads of one turn go as
// one query, so that a gap in a thousand channels is not a thousand queries.

import { Message, type Page, type PageLimit, type Position, START } from '@chan/core/backend'
import { float8Array, int4Array, textArray } from '../binary-array.js'
import type { Standing } from '../receive/watched.js'

/** Runs one reading statement. */
export type RunQuery = <R extends object>(text: string, values: readonly unknown[]) => Promise<R[]>

/** The most that a page holds, whatever was asked for: its rows are counted up to their last. */
const PAGE_BYTES = 1024 * 1024
const PAGE_MESSAGES = 10_000
/** Reads in one query, so that its answer stays small enough to hold. */
const MAX_READS = 32

interface Read {
  readonly channel: string
  readonly after: Position
  readonly limit: PageLimit
  resolve(page: Page): void
  reject(error: unknown): void
}

interface StandingRow {
  readonly name: string
  readonly epoch: string | null
  readonly top: number
  readonly version: number
}

interface MessageRow {
  readonly idx: number
  readonly epoch: string | null
  readonly top: number
  readonly floor: number
  readonly offset: number | null
  readonly ts: number
  readonly sender: string | null
  readonly id: string | null
  readonly body: string
}

export class Reader {
  readonly #schema: string
  readonly #query: RunQuery
  #waiting: Read[] = []
  #asking: {
    readonly channel: string
    resolve(standing: Standing): void
    reject(e: unknown): void
  }[] = []

  /** @param schema the quoted schema */
  constructor(schema: string, query: RunQuery) {
    this.#schema = schema
    this.#query = query
  }

  /** What follows a position; see `MessageLog.read`. */
  read(channel: string, after: Position, limit: PageLimit): Promise<Page> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.push({ channel, after, limit, resolve, reject }) === 1) {
        setImmediate(() => this.#flushReads())
      }
    })
  }

  /** Where one channel stands; asked together with the others of this turn. */
  standing(channel: string): Promise<Standing> {
    return new Promise((resolve, reject) => {
      if (this.#asking.push({ channel, resolve, reject }) === 1) {
        setImmediate(() => void this.#flushStandings())
      }
    })
  }

  /** Where channels stand, in the order asked. */
  async standings(channels: readonly string[]): Promise<readonly Standing[]> {
    const text = `select * from ${this.#schema}.standings($1)`
    const rows = await this.#query<StandingRow>(text, [textArray(channels)])
    return rows.map(({ name, epoch, top, version }) => ({
      channel: name,
      top: topOf(epoch, top),
      version,
    }))
  }

  async #flushStandings(): Promise<void> {
    const asking = this.#asking
    this.#asking = []
    try {
      const standings = await this.standings(asking.map(({ channel }) => channel))
      for (const [index, { resolve }] of asking.entries()) resolve(standings[index] as Standing)
    } catch (error) {
      for (const { reject } of asking) reject(error)
    }
  }

  #flushReads(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (let start = 0; start < waiting.length; start += MAX_READS) {
      void this.#readTogether(waiting.slice(start, start + MAX_READS))
    }
  }

  async #readTogether(reads: readonly Read[]): Promise<void> {
    try {
      const text = `select * from ${this.#schema}.read_log($1, $2, $3, $4, $5)`
      const rows = await this.#query<MessageRow>(text, [
        textArray(reads.map(({ channel }) => channel)),
        textArray(reads.map(({ after }) => after.epoch)),
        float8Array(reads.map(({ after }) => after.offset)),
        int4Array(reads.map(({ limit }) => bounded(limit.messages, PAGE_MESSAGES))),
        int4Array(reads.map(({ limit }) => bounded(limit.bytes, PAGE_BYTES))),
      ])
      const pages = reads.map((): MessageRow[] => [])
      for (const row of rows) pages[row.idx - 1]?.push(row)
      for (const [index, read] of reads.entries()) {
        read.resolve(toPage(read, pages[index] as MessageRow[]))
      }
    } catch (error) {
      for (const { reject } of reads) reject(error)
    }
  }
}

/** A row of a message as a message. */
export function toMessage(
  channel: string,
  epoch: string,
  row: Omit<MessageRow, 'idx' | 'epoch' | 'top' | 'floor'>,
): Message {
  return Message.fromStored({
    channel,
    body: row.body,
    sender: row.sender,
    timestamp: row.ts,
    offset: row.offset as number,
    epoch,
    id: row.id ?? undefined,
  })
}

function topOf(epoch: string | null, top: number): Position {
  return epoch === null || top === 0 ? START : { epoch, offset: top }
}

/** At least one message is in a page if there is one, so at least one is asked for. */
function bounded(limit: number, most: number): number {
  return Math.max(1, Math.ceil(Math.min(limit, most)))
}

/** Whether the rows join up with the position decides: a slot may have been emptied meanwhile. */
function toPage({ channel, after }: Read, rows: readonly MessageRow[]): Page {
  const { epoch = null, top: topOffset = 0, floor = 0 } = rows[0] ?? {}
  const top = topOf(epoch, topOffset)
  const isStart = after.epoch === START.epoch && after.offset === START.offset
  const refused = { messages: [], top, truncated: true, floor }
  if (!isStart && after.epoch !== top.epoch) return refused
  if (after.offset > top.offset) return refused
  const messages: Message[] = []
  for (const row of rows) {
    if (row.offset === null) continue
    if (row.offset !== after.offset + messages.length + 1) break
    messages.push(toMessage(channel, top.epoch, row))
  }
  if (messages.length === 0 && top.offset > after.offset) return refused
  return { messages, top, truncated: false, floor }
}
