// What a channel's history may show: the limits users set, and the window they open on the log.

import { isPosition, type Position } from './message.js'
import { refuse } from './option-check.js'
import { copyPosition } from './position.js'

/** How much of a channel `history()` shows. Delivery and recovery do not depend on it. */
export interface HistoryLimits {
  /** The most recent messages shown; 0 shows none. */
  readonly maxHistory: number
  /**
   * Age in milliseconds after which a message is not shown; `null` for no age limit. Applied when
   * history is read: unlike `maxHistory` it hides nothing for good.
   */
  readonly historyTtlMs: number | null
  /** Whether a user named these limits; layer defaults never replace limits that somebody named. */
  readonly explicit: boolean
}

/** Selects from a channel's history. */
export interface HistoryQuery {
  /** At most this many, the most recent ones. Default: all that the channel keeps. */
  readonly limit?: number
  /** Only messages after this position. A position of another epoch excludes nothing. */
  readonly since?: Position
  /** Only messages before this position, to page backwards. A position of another epoch leaves none. */
  readonly before?: Position
}

/**
 * A copy of the query.
 * @throws {ChanError} `invalid-option` for a negative limit or a malformed position
 */
export function readQuery({ limit, since, before }: HistoryQuery): HistoryQuery {
  const isLimit = limit === undefined || (Number.isSafeInteger(limit) && limit >= 0)
  refuse(!isLimit, 'limit', 'a whole number from 0')
  refuse(since !== undefined && !isPosition(since), 'since', 'a position { epoch, offset }')
  refuse(before !== undefined && !isPosition(before), 'before', 'a position { epoch, offset }')
  return {
    ...(limit !== undefined && { limit }),
    ...(since && { since: copyPosition(since) }),
    ...(before && { before: copyPosition(before) }),
  }
}

/**
 * The limits to keep after an operation brought `next`: whoever named limits last wins, and defaults
 * never replace named ones. Among defaults the widest is kept: processes may differ in theirs, and
 * each shows its own window.
 */
export function limitsInForce(current: HistoryLimits, next: HistoryLimits): HistoryLimits {
  if (!next.explicit) {
    return current.explicit || next.maxHistory <= current.maxHistory ? current : next
  }
  const same = next.maxHistory === current.maxHistory && next.historyTtlMs === current.historyTtlMs
  return same && next.explicit === current.explicit ? current : next
}

/**
 * The floor (highest hidden offset) after the limits changed from `previous`. What the previous
 * limit had already hidden stays hidden when the limit is raised again: what `history()` shows never
 * depends on how long a backend happens to keep its recovery tail.
 */
export function floorAfterChange(floor: number, top: number, previous: HistoryLimits): number {
  return Math.max(floor, top - previous.maxHistory)
}

/**
 * The offsets `(after, upTo]` a query may show, before the age limit, given a log at `top`.
 * Both ends are inclusive-exclusive as written: `after` is hidden, `upTo` is shown.
 */
export function historyWindow(
  top: Position,
  floor: number,
  limits: HistoryLimits,
  query: HistoryQuery,
): { after: number; upTo: number } {
  let after = Math.max(floor, top.offset - limits.maxHistory)
  let upTo = top.offset
  const { since, before, limit } = query
  if (since && since.epoch === top.epoch) after = Math.max(after, since.offset)
  if (before) upTo = before.epoch === top.epoch ? Math.min(upTo, before.offset - 1) : after
  if (limit !== undefined) after = Math.max(after, upTo - limit)
  return { after, upTo: Math.max(after, upTo) }
}
