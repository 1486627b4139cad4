// Processes on a database of a test file's own, all ended when the test ends.

import { createTestDatabase, runSql, type TestDatabase } from '@chan/testkit'
import type {} from '@chan/testkit/postgres-setup'
import { afterAll, afterEach, beforeAll, expect, inject } from 'vitest'
import { type Addresses, Process } from './process.js'

export interface TestCluster {
  readonly url: string
  join(addresses?: Partial<Addresses>): Promise<Process>
  sql<R extends object>(text: string, values?: unknown[]): Promise<R[]>
}

export function testCluster(): TestCluster {
  let database: TestDatabase
  const processes: Process[] = []
  beforeAll(async () => {
    database = await createTestDatabase(inject('postgresUrl'))
  })
  afterEach(async () => {
    const ended = processes.splice(0)
    await Promise.all(ended.map((process) => process.close()))
    expect(ended.flatMap(({ reports }) => reports)).toEqual([])
  })
  afterAll(() => database.drop())
  return {
    get url() {
      return database.url
    },
    async join(addresses = {}) {
      const process = await Process.start({ url: database.url, ...addresses })
      processes.push(process)
      return process
    },
    sql: (text, values) => runSql(database.url, text, values),
  }
}

let names = 0

/** A channel that no other test uses. */
export function newName(): string {
  return `channel-${names++}`
}
