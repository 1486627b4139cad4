// An installed schema, and the few things that the tests of the outbox and of housekeeping do with it.
import { createTestDatabase, type TestDatabase } from '@chan/testkit'
import type {} from '@chan/testkit/postgres-setup'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, inject, vi } from 'vitest'
import { SessionConfig } from '../../src/connection/config.js'
import { Session } from '../../src/connection/session.js'
import { type Durability, migrateStatement } from '../../src/schema/sql.js'

// Tests wait for conditions; on a busy machine these take their time.
vi.setConfig({ testTimeout: 30_000 })

/** What one client, with parsers of its own, answered. */
type Row = Record<string, unknown>

export interface Published {
  readonly channel: string
  readonly body: string
  readonly id?: string
  readonly maxHistory?: number
  readonly ttlMs?: number
}

export interface Scene {
  readonly url: string
  /** Runs statements as the layer does. */
  query<R extends object = Row>(text: string, values?: readonly unknown[]): Promise<R[]>
  /** The one row of a statement. */
  one<R extends object = Row>(text: string, values?: readonly unknown[]): Promise<R>
  /** Another connection, closed when the test ends. */
  client(user?: string): Promise<pg.Client>
  session(): Promise<Session>
  /** Appends messages as one batch. With `shared`, all have the first one's body. */
  append(messages: readonly Published[], shared?: boolean): Promise<void>
  /** Bodies in the log and in kept, in order of offset. */
  stored(channel: string): Promise<string[]>
}

/** One database for all tests of a file, or `url`, where the schema is installed. */
export function scene(durability: Durability = 'durable', url?: () => string): Scene {
  let database: TestDatabase | undefined
  let address = ''
  let own: Session
  let publisher: { publisher: number; token: number } | undefined
  let batch = 0
  const opened: (pg.Client | Session)[] = []

  const open = () => Session.open(new SessionConfig(address), { deadlineMs: 10_000 })
  beforeAll(async () => {
    if (!url) database = await createTestDatabase(inject('postgresUrl'))
    address = database?.url ?? url?.() ?? ''
    own = await open()
    await own.query(migrateStatement('chan', durability), [], { deadlineMs: 30_000 })
  })
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((it) => ('end' in it ? it.end() : it.close())))
  })
  afterAll(async () => {
    await own?.close()
    await database?.drop()
  })

  const query: Scene['query'] = (text, values) => own.query(text, values, { deadlineMs: 30_000 })
  const one: Scene['one'] = async (text, values) => (await query(text, values))[0] as never
  return {
    get url() {
      return address
    },
    query,
    one,
    async client(user) {
      const config = new URL(address)
      if (user) config.username = user
      const client = new pg.Client({ connectionString: config.href })
      client.on('error', () => {})
      await client.connect()
      opened.push(client)
      return client
    },
    async session() {
      const session = await open()
      opened.push(session)
      return session
    },
    async append(messages, shared = false) {
      publisher ??= await one('select publisher, token from chan.enter_publisher(null)')
      const names = [...new Set(messages.map(({ channel }) => channel))]
      const last = names.map((name) => messages.findLast(({ channel }) => channel === name))
      const counts = new Map<string, number>()
      const nth = (channel: string) => {
        counts.set(channel, (counts.get(channel) ?? 0) + 1)
        return counts.get(channel)
      }
      await query('select chan.append($1,$2,$3,false,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15)', [
        publisher?.publisher,
        publisher?.token,
        ++batch,
        names,
        last.map((message) => message?.maxHistory ?? 100),
        last.map((message) => message?.ttlMs),
        last.map((message) => message?.maxHistory !== undefined),
        messages.map(({ channel }) => names.indexOf(channel) + 1),
        messages.map(({ channel }) => nth(channel)),
        shared ? null : messages.map(({ body }) => body),
        null,
        messages.map(({ id }) => id ?? null),
        messages.map(() => Date.now() / 1000),
        // References, for the log is all that matters here.
        messages.map((_, index) => -1 - Math.floor(index / 50)),
        shared ? messages[0]?.body : null,
      ])
    },
    async stored(channel) {
      const rows = await query<{ body: string }>(
        `select distinct on ("offset") body from (
          select l."offset", coalesce(l.body, s.body) as body from chan.log l
            join chan.channel c on c.id = l.channel_id and c.name = $1
            left join chan.shared_body s on s.slot = l.slot and s.id = l.body_id
          union all
          select k."offset", k.body from chan.kept k
            join chan.channel c on c.id = k.channel_id and c.name = $1
        ) x order by "offset"`,
        [channel],
      )
      return rows.map(({ body }) => body)
    },
  }
}
