// The text of a doorbell of kind P: who came, changed or left, in which channel and version.
// `presence_change` (migration 1) writes it.

import type { LeaveReason, PresenceChange, PresenceEntry } from '@chan/core/backend'
import { FIELD, RECORD } from '../packing.js'

/** A change of a channel's members. */
export interface MemberNews {
  readonly type: 'members'
  readonly channel: string
  readonly change: PresenceChange
  /** They left because the process that held them was taken out. */
  readonly reaped: boolean
}

/** A channel is no member of the group any more, whoever held it. */
export interface DiscardNews {
  readonly type: 'discarded'
  readonly group: string
  readonly channel: string
}

/**
 * Reads a doorbell. Records are separated by RS, fields by US: kind (`join`, `update`, `leave`,
 * `reaped`), reason, channel, previous version, version, then for each user its id, time of joining
 * and metadata; or `discarded`, group, channel. Kinds of later versions are passed over: the next
 * change of that channel follows a version that nobody knows, so its members are listed afresh.
 */
export function readPresence(text: string): (MemberNews | DiscardNews)[] {
  return text.split(RECORD).flatMap((record) => readRecord(record.split(FIELD)))
}

/** The member changes of a doorbell. */
export function decodePresence(text: string): MemberNews[] {
  return readPresence(text).filter((news) => news.type === 'members')
}

function readRecord(fields: readonly string[]): (MemberNews | DiscardNews)[] {
  const [kind = '', reason = '', channel = '', previous, version] = fields
  if (kind === 'discarded') return [{ type: 'discarded', group: reason, channel }]
  const versions = { previous: Number(previous), version: Number(version) }
  const entries = readEntries(fields, 5)
  if (kind === 'join' || kind === 'update') {
    const change = { type: kind, ...versions, entries } as const
    return [{ type: 'members', channel, change, reaped: false }]
  }
  if (kind !== 'leave' && kind !== 'reaped') return []
  const change = { type: 'leave', reason: reason as LeaveReason, ...versions, entries } as const
  return [{ type: 'members', channel, change, reaped: kind === 'reaped' }]
}

function readEntries(fields: readonly string[], start: number): PresenceEntry[] {
  const entries: PresenceEntry[] = []
  for (let at = start; at + 2 < fields.length; at += 3) {
    const [userId, joinedAt, metadata] = fields.slice(at, at + 3) as [string, string, string]
    entries.push({ userId, joinedAt: Number(joinedAt), metadata })
  }
  return entries
}
