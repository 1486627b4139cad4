// A process as presence sees one: a publisher, a LISTEN session and readers, wired as the backend
// wires them, with everything it hears noted down.

import { type PresenceChange, systemClock } from '@chan/core/backend'
import { SessionConfig } from '../../src/connection/config.js'
import { KeptSession } from '../../src/connection/kept-session.js'
import { ReadPool } from '../../src/connection/pool.js'
import { Session } from '../../src/connection/session.js'
import { PresenceParts } from '../../src/presence/presence-parts.js'
import { readDoorbell } from '../../src/receive/doorbell.js'
import { migrate } from '../../src/schema/migrate.js'
import { checkServer } from '../../src/schema/server.js'

const clock = systemClock

/** Where a process connects to; LISTEN may go another way, to be cut alone. */
export interface Addresses {
  readonly url: string
  readonly listenUrl?: string
}

export interface Heard {
  readonly channel: string
  readonly change: PresenceChange
}

export class Process {
  readonly parts: PresenceParts
  readonly heard: Heard[] = []
  readonly reports: unknown[] = []
  readonly publisher: KeptSession
  readonly listener: KeptSession
  readonly #pool: ReadPool
  drawn = 0

  static async start(addresses: Addresses): Promise<Process> {
    const process = new Process(addresses)
    await process.publisher.start()
    await process.listener.start()
    return process
  }

  private constructor({ url, listenUrl = url }: Addresses) {
    const report = (error: unknown) => void this.reports.push(error)
    const open = (where: string, name: string, signal: AbortSignal) =>
      Session.open(new SessionConfig(where), {
        deadlineMs: 2_000,
        clock,
        signal,
        applicationName: name,
      })
    this.#pool = new ReadPool({ clock, open: (signal) => open(url, 'reader', signal) })
    this.publisher = new KeptSession({
      name: 'publisher',
      clock,
      open: (signal) => open(url, 'publisher', signal),
      ready: async (session, returning) => {
        if (!returning) {
          await migrate(session, { schema: 'chan', durability: 'durable', migrate: true })
        }
        await checkServer(session, 'chan')
      },
      lost: () => {},
      back: () => {},
      report,
    })
    this.listener = new KeptSession({
      name: 'listener',
      clock,
      open: (signal) => open(listenUrl, 'listener', signal),
      ready: (session) => this.#listen(session),
      lost: () => this.parts.lost(),
      back: () => {},
      report,
    })
    this.parts = new PresenceParts({
      clock,
      schema: 'chan',
      listens: true,
      publisher: (deadlineMs) => this.publisher.whenReady(deadlineMs),
      read: (text, values) => this.#pool.query(text, values),
      serverChanged: async (session) => void (await checkServer(session, 'chan')),
      changed: (channel, change) => void this.heard.push({ channel, change }),
      drawn: (number) => {
        this.drawn = number
      },
      report,
    })
  }

  async put(channel: string, userId: string, hold = 'h', metadata: unknown = {}, joinedAt = 1) {
    const entry = { userId, joinedAt, metadata: JSON.stringify(metadata) }
    return this.parts.presence.put(channel, hold, entry)
  }

  async release(channel: string, userId: string, hold: string | null = 'h') {
    return this.parts.presence.remove(channel, userId, hold, 'left')
  }

  async userIds(channel: string): Promise<string[]> {
    return (await this.parts.presence.list(channel)).entries.map(({ userId }) => userId)
  }

  /** What was heard of a channel, one line per user. */
  story(channel: string): string[] {
    return this.heard
      .filter((heard) => heard.channel === channel)
      .flatMap(({ change }) =>
        change.entries.map(({ userId }) =>
          change.type === 'leave' ? `${userId} leave:${change.reason}` : `${userId} ${change.type}`,
        ),
      )
  }

  async close(): Promise<void> {
    await this.parts.close()
    await Promise.all([this.listener.close(), this.publisher.close(), this.#pool.close()])
  }

  /** Ends without a goodbye. */
  async vanish(): Promise<void> {
    await Promise.all([this.listener.close(), this.publisher.close(), this.#pool.close()])
    this.parts.lost()
  }

  async #listen(session: Session): Promise<void> {
    const { doorbell } = await checkServer(session, 'chan')
    session.onNotification((payload) => {
      const bell = readDoorbell(payload)
      if (bell?.kind === 'P') this.parts.heard(bell.content, bell.number)
    })
    await session.query(`listen "${doorbell}"`)
    await this.parts.entered(session)
  }
}
