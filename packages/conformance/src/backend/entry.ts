// Arguments for the port, as core would make them.

import type { Entry, HistoryLimits, PageLimit } from '@chan/core/backend'

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

/** One page for everything there is. */
export const EVERYTHING: PageLimit = { messages: Infinity, bytes: Infinity }

/** So many messages, and as many bytes as they have unless given. */
export function atMost(messages: number, bytes = Infinity): PageLimit {
  return { messages, bytes }
}

/** A JSON text of so many characters and bytes. */
export function bodyOf(size: number): string {
  return JSON.stringify('x'.repeat(size - 2))
}

/** 1, 2, 3 … `last`: data and offsets of a channel that was filled. */
export function upTo(last: number, first = 1): number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at)
}
