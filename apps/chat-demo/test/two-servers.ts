// Two servers in this process on one real PostgreSQL, as a cluster has them in two, on free ports.

import { createTestDatabase, type TestDatabase } from '@chan/testkit'
import type {} from '@chan/testkit/postgres-setup'
import { afterAll, beforeAll, inject } from 'vitest'
import { type Demo, startDemo } from '../src/server.js'

export interface TwoServers {
  readonly one: string
  readonly two: string
  readonly databaseUrl: string
}

/** Starts both before the file's tests; the addresses are known inside them. */
export function useTwoServers(): TwoServers {
  let database: TestDatabase | undefined
  let demos: readonly Demo[] = []
  beforeAll(async () => {
    database = await createTestDatabase(inject('postgresUrl'))
    const options = { port: 0, host: '127.0.0.1', databaseUrl: database.url }
    // At once: whoever comes first sets the database up.
    demos = await Promise.all([startDemo(options), startDemo(options)])
  })
  afterAll(async () => {
    await Promise.all(demos.map((demo) => demo.close()))
    await database?.drop()
  })
  const known = (value: string | undefined): string => {
    if (value === undefined) throw new Error('the servers are not running yet')
    return value
  }
  return {
    get one() {
      return known(demos[0]?.url)
    },
    get two() {
      return known(demos[1]?.url)
    },
    get databaseUrl() {
      return known(database?.url)
    },
  }
}
