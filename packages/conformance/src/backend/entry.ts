// Arguments for the port, as core would make them.

import type { Entry, HistoryLimits } from '@chan/core/backend'

/** What a case says about an entry; the rest is filled in. */
export interface EntryInit {
  /** JSON text instead of `data`. */
  readonly body?: string
  readonly sender?: string | null
  readonly timestamp?: number
  readonly id?: string | null
  readonly ephemeral?: boolean
}

export function entry(data: unknown, init: EntryInit = {}): Entry {
  const body = init.body ?? JSON.stringify(data)
  return {
    body,
    bytes: new TextEncoder().encode(body).length,
    sender: init.sender ?? null,
    timestamp: init.timestamp ?? Date.now() / 1000,
    id: init.id ?? null,
    ephemeral: init.ephemeral ?? false,
  }
}

/** Limits that a user named. */
export function limits(maxHistory: number, historyTtlMs: number | null = null): HistoryLimits {
  return { maxHistory, historyTtlMs, explicit: true }
}

/** What a layer says where no user named limits. */
export const DEFAULT_LIMITS: HistoryLimits = {
  maxHistory: 100,
  historyTtlMs: null,
  explicit: false,
}

/** 1, 2, 3 … `last`: data and offsets of a channel that was filled. */
export function upTo(last: number, first = 1): number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at)
}
