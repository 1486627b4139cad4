// The suite over PostgreSQL: its benchmarks, and the server they share.

import { type PostgresServer, runSql, startPostgres } from '@chan/testkit'
import { type Choice, defineSuite, type Ground, type Row } from '../bench.js'
import { type Quantiles, quantilesOf } from '../measure/numbers.js'
import { channels } from './channels.js'
import { CommitTimer } from './commit-latency.js'
import type { PostgresContext } from './context.js'
import { growth } from './growth.js'
import { idle } from './idle.js'
import { large } from './large.js'
import { latency } from './latency.js'
import { lone } from './lone.js'
import { peer } from './peer.js'
import { publishers } from './publishers.js'
import { snapshot } from './snapshot.js'
import { throughput } from './throughput.js'
import { transactions } from './transactions.js'

export const postgres = defineSuite<PostgresContext>(
  'postgres',
  'PgChannelLayer between processes, everything on this machine',
  [
    throughput,
    peer,
    latency,
    lone,
    large,
    channels,
    publishers,
    transactions,
    growth,
    idle,
    snapshot,
  ],
  open,
)

async function open(choice: Choice): Promise<Ground<PostgresContext>> {
  const { full, databaseUrl, profileFolder, tell } = choice
  // As PostgreSQL is by itself: every commit is on the disk before it is answered.
  const server = databaseUrl === undefined ? await startPostgres({ sync: true }) : undefined
  try {
    const adminUrl = databaseUrl ?? (server as PostgresServer).url
    return {
      context: { adminUrl, serverPid: server?.pid, full, profileFolder, tell },
      facts: await factsOf(adminUrl),
      [Symbol.asyncDispose]: async () => server?.close(),
    }
  } catch (error) {
    await server?.close()
    throw error
  }
}

async function factsOf(adminUrl: string): Promise<Row> {
  const settings = await runSql<{ name: string; setting: string }>(
    adminUrl,
    `select name, concat_ws(' ', setting, unit) as setting from pg_settings
      where name in ('server_version', 'fsync', 'synchronous_commit', 'full_page_writes',
        'wal_level', 'shared_buffers', 'max_wal_size', 'autovacuum')
      order by name`,
  )
  const commit = await measureCommit(adminUrl)
  return {
    ...Object.fromEntries(settings.map(({ name, setting }) => [name, setting])),
    'commit p50 ms': commit.p50,
    'commit p99 ms': commit.p99,
  }
}

/** One row at a time, with nothing else going on. */
async function measureCommit(adminUrl: string): Promise<Quantiles> {
  await using timer = await CommitTimer.open(adminUrl)
  await timer.take(20)
  return quantilesOf(await timer.take(200))
}
