// Test helpers of this repository; not published, and free of any @chan package.
export { launchChromium } from './launch-chromium.js'
export { type PostgresVersion, postgresSkipReason } from './postgres/binaries.js'
export { runSql } from './postgres/run-sql.js'
export type { PostgresServer } from './postgres/server.js'
export { createStandby, type StandbyOptions } from './postgres/standby.js'
export { type PostgresOptions, startPostgres } from './postgres/start-postgres.js'
export {
  createTestDatabase,
  type TestDatabase,
  type TestDatabaseOptions,
} from './postgres/test-database.js'
export {
  type PoolerOptions,
  startTransactionPooler,
  type TransactionPooler,
} from './postgres/transaction-pooler.js'
export { childrenOf, isAlive } from './processes/process-tree.js'
export { startWorker, type WorkerOptions } from './processes/start-worker.js'
export type { Worker, WorkerExit } from './processes/worker.js'
export { readmeSnippets } from './readme-snippets.js'
export { findSnippet, listSnippets, readSnippet, type Snippet } from './snippets.js'
export { readBytes } from './sockets/read-bytes.js'
export { upgradeOutcome } from './sockets/upgrade-outcome.js'
export { quickstartVisitor, type Visit } from './sockets/visit-quickstart.js'
export { type WaitOptions, waitFor } from './wait-for.js'
