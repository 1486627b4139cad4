// Presence between its stored form and what users see.

import type { Clock } from '../model/clock.js'
import {
  byteLength,
  ChanError,
  encodePayload,
  freezeDeep,
  type Metadata,
} from '../model/message.js'
import type { Policy } from '../model/policy.js'
import { validated } from '../model/schema.js'
import type { LeaveReason, PresenceEntry } from '../ports/presence.js'

/**
 * A present user: the metadata of its last join, with identity on top. Frozen all the way down, for
 * whoever is told of the user may share it.
 */
export type PresenceRecord<P = Metadata> = Readonly<P> & {
  readonly userId: string
  /** Unix seconds, fractional, of the join that made the user present. */
  readonly joinedAt: number
}

/** What `onPresence` tells: first and after each gap `sync`, then every change. */
export type PresenceEvent<P = Metadata> =
  | { readonly type: 'sync'; readonly members: readonly PresenceRecord<P>[] }
  | { readonly type: 'join' | 'update'; readonly member: PresenceRecord<P> }
  | {
      readonly type: 'leave'
      readonly member: PresenceRecord<P>
      readonly reason: LeaveReason
    }

/** Longest metadata of one user, in UTF-8 bytes of its JSON. */
export const MAX_METADATA_BYTES = 4_096

/** @internal */
export function toRecord(entry: PresenceEntry): PresenceRecord {
  const metadata = JSON.parse(entry.metadata) as Metadata
  // Identity is applied last: metadata never passes for somebody else.
  return freezeDeep({ ...metadata, userId: entry.userId, joinedAt: entry.joinedAt })
}

/**
 * Metadata as it is now, for a join that comes later: its owner may change it meanwhile. What cannot be
 * encoded is left for the join to refuse.
 */
export function copyMetadata<P>(metadata: P): P {
  if (typeof metadata !== 'object' || metadata === null) return metadata
  try {
    return JSON.parse(encodePayload(metadata)) as P
  } catch {
    return metadata
  }
}

/** @internal Checks and encodes metadata. The schema sees it as JSON has it. */
export function encodeMetadata(
  metadata: unknown,
  policy: Policy,
  clock: Clock,
): string | Promise<string> {
  const value: unknown = JSON.parse(encodePayload(metadata))
  return validated(clock, policy.presenceSchema, value, 'the presence metadata', (checked) => {
    const isObject = typeof checked === 'object' && checked !== null && !Array.isArray(checked)
    if (!isObject) {
      throw new ChanError(
        'invalid-payload',
        'Presence metadata must be an object.',
        'Pass an object such as { name: "Alice" }, or leave it out.',
      )
    }
    const text = encodePayload(checked)
    const actual = byteLength(text)
    if (actual <= MAX_METADATA_BYTES) return text
    throw new ChanError(
      'payload-too-large',
      `Presence metadata of ${actual} bytes is over the limit of ${MAX_METADATA_BYTES} bytes.`,
      'Keep what every member must see small, and the rest elsewhere.',
      { details: { limit: MAX_METADATA_BYTES, actual } },
    )
  })
}
