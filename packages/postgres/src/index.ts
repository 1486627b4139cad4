// The public surface of @chan/postgres.

// A program that uses this package names no other: what `@chan/core` gives to users comes along.
export * from '@chan/core'
export { PgBackend } from './backend.js'
export { PgChannelLayer } from './layer.js'
export type { PgLayerOptions } from './options.js'
export type { PgTransaction, PgTransactionResult } from './outbox/transaction.js'
export { type Durability, type MigrationSqlOptions, migrationSql } from './schema/sql.js'
