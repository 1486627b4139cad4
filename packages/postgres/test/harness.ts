// PostgreSQL as the suite wants it: processes are backends, each behind a proxy of its own, so that
// one can be cut off as a killed process is.

import { type BackendHarness, TcpProxy } from '@chan/conformance'
import type { ChannelBackend } from '@chan/core/backend'
import { createTestDatabase } from '@chan/testkit'
import type {} from '@chan/testkit/postgres-setup'
import { afterAll, inject } from 'vitest'
import { PgBackend, type PgLayerOptions } from '../src/index.js'

/** @param options beside the database's address */
export function pgHarness(name: string, options: Partial<PgLayerOptions> = {}): BackendHarness {
  // The cases use names of their own, so one database serves them all.
  const database = createTestDatabase(inject('postgresUrl'))
  database.catch(() => {})
  afterAll(async () => (await database).drop())
  return {
    name,
    rounds: 100,
    async createCluster() {
      const url = new URL((await database).url)
      const proxies = new Map<ChannelBackend, TcpProxy>()
      return {
        async join() {
          const proxy = await TcpProxy.listen({
            host: url.hostname,
            port: Number(url.port || 5432),
          })
          const databaseUrl = new URL(url)
          databaseUrl.host = `127.0.0.1:${proxy.port}`
          const backend = new PgBackend({ ...options, databaseUrl: databaseUrl.href })
          proxies.set(backend, proxy)
          return backend
        },
        // What its process would have sent and heard is gone; its kernel resets the connections.
        async crash(backend) {
          proxies.get(backend)?.refuse()
          proxies.get(backend)?.cut()
        },
        async close() {
          await Promise.all([...proxies.values()].map((proxy) => proxy.close()))
        },
      }
    },
  }
}
