// A database of a test's own, with sessions and roles that go when the test ends.
import { randomBytes } from 'node:crypto'
import { createTestDatabase, runSql } from '@chan/testkit'
import type {} from '@chan/testkit/postgres-setup'
import { inject, onTestFinished } from 'vitest'
import { SessionConfig } from '../../src/connection/config.js'
import { Session } from '../../src/connection/session.js'

export interface FreshDatabase {
  readonly url: string
  open(url?: string): Promise<Session>
  /** A role that may connect and nothing else. */
  role(prefix: string): Promise<{ readonly name: string; readonly url: string }>
}

export async function freshDatabase(): Promise<FreshDatabase> {
  const adminUrl = inject('postgresUrl')
  const database = await createTestDatabase(adminUrl)
  const sessions: Session[] = []
  const roles: string[] = []
  onTestFinished(async () => {
    await Promise.all(sessions.map((session) => session.close()))
    await database.drop()
    for (const role of roles) await runSql(adminUrl, `drop role ${role}`)
  })
  return {
    url: database.url,
    async open(url = database.url) {
      const session = await openSession(url)
      sessions.push(session)
      return session
    },
    async role(prefix) {
      // Roles are the whole server's.
      const name = `${prefix}_${randomBytes(6).toString('hex')}`
      const password = randomBytes(8).toString('hex')
      await runSql(adminUrl, `create role ${name} login password '${password}'`)
      roles.push(name)
      const url = new URL(database.url)
      url.username = name
      url.password = password
      return { name, url: url.href }
    },
  }
}

export function openSession(url: string): Promise<Session> {
  return Session.open(new SessionConfig(url), { deadlineMs: 10_000 })
}

/** What a promise rejects with; fails where it does not. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  const error = await promise.then(
    () => undefined,
    (reason: Error) => reason,
  )
  if (error) return error
  throw new Error('expected a rejection')
}
