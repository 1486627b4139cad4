// What the tests of this folder need of a database: sessions, and ways to end them from outside.
import { createTestDatabase, runSql, type TestDatabase } from '@chan/testkit'
import type {} from '@chan/testkit/postgres-setup'
import { afterAll, afterEach, beforeAll, inject } from 'vitest'
import { SessionConfig } from '../../src/connection/config.js'
import { Session, type SessionOptions } from '../../src/connection/session.js'

export interface Scene {
  readonly url: string
  /** A session that is closed when the test ends. */
  open(options?: Partial<SessionOptions>, url?: string): Promise<Session>
  /** Ends the server's side of a session. */
  terminate(session: Session): Promise<void>
  /** Sessions of the database that pg_stat_activity shows under this name. */
  count(applicationName: string): Promise<number>
}

/** One database for all tests of a file. */
export function databaseScene(): Scene {
  let database: TestDatabase
  const opened: Session[] = []
  beforeAll(async () => {
    database = await createTestDatabase(inject('postgresUrl'))
  })
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((session) => session.close()))
  })
  afterAll(() => database.drop())
  return {
    get url() {
      return database.url
    },
    async open(options = {}, url = database.url) {
      const session = await Session.open(new SessionConfig(url), { deadlineMs: 5_000, ...options })
      opened.push(session)
      return session
    },
    async terminate(session) {
      await runSql(database.url, 'select pg_terminate_backend($1)', [session.processId])
    },
    async count(applicationName) {
      const [row] = await runSql<{ count: string }>(
        database.url,
        `select count(*) from pg_stat_activity
        where datname = current_database() and application_name = $1`,
        [applicationName],
      )
      return Number(row?.count)
    },
  }
}

/** What a promise rejects with; fails where it does not. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  const fulfilled = await promise.then(
    (value) => ({ value }),
    (error: Error) => error,
  )
  if (fulfilled instanceof Error) return fulfilled
  throw new Error(`expected a rejection, got ${JSON.stringify(fulfilled.value)}`)
}
