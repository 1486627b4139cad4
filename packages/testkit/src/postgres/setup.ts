// One server for all test files of a package: vitest's `globalSetup: ['@chan/testkit/postgres-setup']`.
// Test files ask for it with `inject('postgresUrl')` and make databases with createTestDatabase().
import type { TestProject } from 'vitest/node'
import { startPostgres } from './start-postgres.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** Of a role that may create databases: DATABASE_URL, else a server of this run's own. */
    readonly postgresUrl: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.DATABASE_URL
  const server = given ? undefined : await startPostgres()
  project.provide('postgresUrl', given || (server?.url ?? ''))
  return async () => server?.close()
}
