// Small sizes: that those who stalled are checked when they read on, not how fast anything is.

import { createTestDatabase } from '@chan/testkit'
import type {} from '@chan/testkit/postgres-setup'
import { describe, expect, inject, it } from 'vitest'
import type { SocketsContext } from '../../src/sockets/context.js'
import { CROWDED, CrowdedPair } from '../../src/sockets/crowded-pair.js'

const context: SocketsContext = {
  full: false,
  profileFolder: '',
  missing: new Map(),
  mostSockets: 1_000,
  databaseUrl: undefined,
  tell: () => {},
}

describe('a crowd that stalls', () => {
  it('comes back to everything, beside those who are well', { timeout: 60_000 }, async () => {
    const database = await createTestDatabase(inject('postgresUrl'))
    try {
      await using pair = await CrowdedPair.start(context, 'chan ws', database.url)
      const quiet = await pair.during(async () => {})
      expect(quiet.processors).toBeGreaterThan(0)
      const { publishedBytes, latency } = await pair.during(async () => {
        await pair.stall(5)
        await new Promise((resolve) => setTimeout(resolve, 500))
      })
      expect(publishedBytes).toBeGreaterThan(CROWDED.largeBytes)
      expect(latency.p50).toBeGreaterThan(0)
      const { stalled, waiting, reads } = await pair.stats()
      expect(stalled).toBe(5)
      expect(waiting).toBeGreaterThan(5 * CROWDED.largeBytes)
      expect(reads).toBeGreaterThan(0)
      await pair.during(() => pair.readOn(3))
      expect(await pair.returned()).toEqual({ returned: 3, incomplete: 0, closed: 0 })
      await pair.leave()
    } finally {
      await database.drop()
    }
  })
})
