// What every PostgreSQL benchmark gets: a server, sizes, and a place to say how it goes.

import { createTestDatabase, type TestDatabase } from '@chan/testkit'

export interface PostgresContext {
  /** Where databases may be created and dropped. */
  readonly adminUrl: string
  /** The server's first process, where it is ours: its CPU time can be told. */
  readonly serverPid: number | undefined
  /** The real sizes, or small ones that show a change within a minute. */
  readonly full: boolean
  /** Where CPU profiles go; empty for none. */
  readonly profileFolder: string
  /** Progress, for people. */
  tell(text: string): void
}

/** A database of its own for each measurement, with nothing left of the last one. */
export function newDatabase({ adminUrl }: PostgresContext): Promise<TestDatabase> {
  return createTestDatabase(adminUrl)
}
