// The presence port: who is in a channel.

import { Buffer } from 'node:buffer'
import {
  ChanError,
  type LeaveReason,
  type PresenceEntry,
  type PresenceList,
  type PresenceStore,
} from '@chan/core/backend'
import { assertLeased, type Holding } from './holding.js'
import { clearMembers, putHold, removeHold } from './operation.js'

/** A change of one user fits into a doorbell with this and names of full length. */
const MAX_METADATA_BYTES = 7_000

interface MemberRow {
  readonly version: string
  readonly user_id: string | null
  readonly joined_at: string
  readonly metadata: string
}

export class Presence implements PresenceStore {
  readonly #holding: Holding

  constructor(holding: Holding) {
    this.#holding = holding
  }

  async put(
    channel: string,
    hold: string,
    entry: PresenceEntry,
  ): Promise<{ readonly first: boolean; readonly entry: PresenceEntry }> {
    assertLeased(this.#holding, 'keep a user present')
    const bytes = Buffer.byteLength(entry.metadata)
    if (bytes > MAX_METADATA_BYTES) throw tooLarge(bytes)
    const { changed, joinedAt } = await this.#holding.run(putHold(channel, hold, entry))
    return { first: changed, entry: { ...entry, joinedAt } }
  }

  async remove(
    channel: string,
    userId: string,
    hold: string | null,
    reason: LeaveReason,
  ): Promise<{ readonly last: boolean }> {
    if (hold !== null) assertLeased(this.#holding, 'release what it holds')
    const { changed } = await this.#holding.run(removeHold(channel, userId, hold, reason))
    return { last: changed }
  }

  async list(channel: string): Promise<PresenceList> {
    const { schema } = this.#holding
    const rows = await this.#holding.read<MemberRow>(
      `select p.version, m.user_id, m.joined_at, m.metadata
        from ${schema}.presence_channel p
        left join ${schema}.member m on m.channel = p.channel
        where p.channel = $1 order by m.seq`,
      [channel],
    )
    const entries: PresenceEntry[] = []
    for (const { user_id: userId, joined_at, metadata } of rows) {
      if (userId !== null) entries.push({ userId, joinedAt: Number(joined_at), metadata })
    }
    return { version: Number(rows[0]?.version ?? 0), entries }
  }

  async clearPresence(channel: string): Promise<void> {
    await this.#holding.run(clearMembers(channel))
  }
}

function tooLarge(bytes: number): ChanError {
  return new ChanError(
    'payload-too-large',
    `Presence metadata of ${bytes} bytes does not fit into a notification of PostgreSQL.`,
    'Keep what every member must see small, and the rest elsewhere.',
    { details: { limit: MAX_METADATA_BYTES, actual: bytes } },
  )
}
