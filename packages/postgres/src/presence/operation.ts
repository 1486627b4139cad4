// What a process asks of presence, groups and interest: one kind of record, so that all of it goes
// in one ordered batch. `presence_apply` (migration 1) is the other end.

import type { LeaveReason, PresenceEntry } from '@chan/core/backend'
import { FIELD, RECORD } from '../packing.js'

export interface Operation {
  readonly kind:
    | 'put'
    | 'restore'
    | 'release'
    | 'remove'
    | 'clear'
    | 'add'
    | 'discard'
    | 'hold'
    | 'let-go'
    | 'interest'
  readonly channel: string
  /** A user, or a group; empty where there is neither. */
  readonly subject: string
  /** Empty where none is meant. */
  readonly hold: string
  /** The time of joining, or the number of subscribers. */
  readonly number: number
  /** Metadata, or the reason of a leave. */
  readonly detail: string
}

/** What became of an operation. */
export interface Answer {
  /** It made the user come (put) or leave (release, remove). */
  readonly changed: boolean
  /** Of a put: since when the user is there. */
  readonly joinedAt: number
}

export function putHold(channel: string, hold: string, entry: PresenceEntry): Operation {
  const { userId, joinedAt, metadata } = entry
  return { kind: 'put', channel, subject: userId, hold, number: joinedAt, detail: metadata }
}

/** Puts a hold again that the database lost: no news, so it changes nobody's metadata. */
export function restoreHold(channel: string, hold: string, entry: PresenceEntry): Operation {
  return { ...putHold(channel, hold, entry), kind: 'restore' }
}

/** @param hold `null` takes all holds of the user, whoever has them */
export function removeHold(
  channel: string,
  userId: string,
  hold: string | null,
  reason: LeaveReason,
): Operation {
  const kind = hold === null ? 'remove' : 'release'
  return { kind, channel, subject: userId, hold: hold ?? '', number: 0, detail: reason }
}

export function clearMembers(channel: string): Operation {
  return { kind: 'clear', channel, subject: '', hold: '', number: 0, detail: '' }
}

/** @param hold `null` adds for good */
export function addToGroup(group: string, channel: string, hold: string | null): Operation {
  const kind = hold === null ? 'add' : 'hold'
  return { kind, channel, subject: group, hold: hold ?? '', number: 0, detail: '' }
}

/** @param hold `null` ends the membership whoever holds it */
export function removeFromGroup(group: string, channel: string, hold: string | null): Operation {
  const kind = hold === null ? 'discard' : 'let-go'
  return { kind, channel, subject: group, hold: hold ?? '', number: 0, detail: '' }
}

export function setInterest(channel: string, count: number): Operation {
  return { kind: 'interest', channel, subject: '', hold: '', number: count, detail: '' }
}

/** The operation that takes back what this one gives; null where it gives nothing to keep. */
export function undo(operation: Operation): Operation | null {
  const { kind, channel, subject, hold } = operation
  if (kind === 'put') return removeHold(channel, subject, hold, 'disconnected')
  if (kind === 'hold') return removeFromGroup(subject, channel, hold)
  return null
}

/** Takes back a hold of this process: what must happen in the end, whether somebody waits or not. */
export function isRelease({ kind }: Operation): boolean {
  return kind === 'release' || kind === 'let-go'
}

/** Names the hold that the operation is about; equal for putting and releasing it. */
export function holdKey({ kind, channel, subject, hold }: Operation): string {
  const what = kind === 'hold' || kind === 'let-go' ? 'group' : 'user'
  return [what, channel, subject, hold].join(FIELD)
}

export function encodeOperations(operations: readonly Operation[]): string {
  return operations
    .map(({ kind, channel, subject, hold, number, detail }) =>
      [kind, channel, subject, hold, number, detail].join(FIELD),
    )
    .join(RECORD)
}

export function decodeAnswers(text: string): Answer[] {
  return text.split(RECORD).map((record) => {
    const [changed, joinedAt] = record.split(FIELD)
    return { changed: changed === '1', joinedAt: Number(joinedAt ?? 0) }
  })
}
