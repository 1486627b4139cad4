// What `new PgChannelLayer` takes, with its defaults, and the refusal of what makes no sense.

import { ChanError, type LayerOptions } from '@chan/core'
import type { ClientConfig } from 'pg'

/** What `new PgChannelLayer` takes. */
export interface PgLayerOptions extends LayerOptions {
  /** Where the database is: `postgres://user:password@host:5432/database`. This or `connection`. */
  readonly databaseUrl?: string | undefined
  /** The same as pg's own configuration: TLS, a function that fetches the password … */
  readonly connection?: ClientConfig | undefined
  /**
   * A direct address of the same server for LISTEN, where the other one leads to a transaction
   * pooler. Default: the same address.
   */
  readonly listenUrl?: string | undefined
  /**
   * `false` publishes and reads only, over connections made on demand: for HTTP handlers and
   * serverless functions. Subscribing, presence and leases then reject `listen-disabled`. Default true.
   */
  readonly listen?: boolean | undefined
  /**
   * `unlogged` keeps the log out of the write-ahead log: faster, but a crash of the server empties
   * it, which shows as a reset. Decided when the schema is installed. Default `durable`.
   */
  readonly durability?: 'durable' | 'unlogged' | undefined
  /** The database schema that holds everything. Default `chan`. */
  readonly schema?: string | undefined
  /** `false` leaves installing the schema to an administrator. Default true. */
  readonly migrate?: boolean | undefined
  /** How long a publish may take before it rejects, in milliseconds. Default 5,000. */
  readonly publishDeadlineMs?: number | undefined
  /** How long, in milliseconds, missed messages can be read back. Default 60,000, at least 1,000. */
  readonly recoveryMs?: number | undefined
  /** Bytes of log above which messages are let go earlier. Default 256 MiB. */
  readonly recoveryBytes?: number | undefined
  /** How long, in milliseconds, the `id` of a publish is remembered. Default 300,000. */
  readonly idempotencyMs?: number | undefined
  /** How long, in milliseconds, an unused channel is remembered. Default 30 days. */
  readonly idleChannelTtlMs?: number | undefined
  /**
   * How often, in milliseconds, messages published inside transactions of other programs are looked
   * for; 0 turns that off. Default 50.
   */
  readonly outboxPollMs?: number | undefined
  /** Most transactions of `layer.transaction` at a time, a connection each. Default 10. */
  readonly maxTransactions?: number | undefined
}

/** The options of `PgLayerOptions` that only the backend knows, with defaults filled in. */
export interface PgSettings {
  readonly connection: string | ClientConfig
  readonly listenUrl: string | undefined
  readonly listen: boolean
  readonly durability: 'durable' | 'unlogged'
  readonly schema: string
  readonly migrate: boolean
  readonly publishDeadlineMs: number
  readonly recoveryMs: number
  readonly recoveryBytes: number
  readonly idempotencyMs: number
  readonly idleChannelTtlMs: number
  readonly outboxPollMs: number
  readonly maxTransactions: number
  readonly defaultHistorySize: number
}

const DAY_MS = 24 * 60 * 60 * 1000

/** @throws {ChanError} `invalid-option` */
export function readSettings(options: PgLayerOptions): PgSettings {
  const { databaseUrl, connection, listenUrl } = options
  if ((databaseUrl === undefined) === (connection === undefined)) {
    throw new ChanError(
      'invalid-option',
      databaseUrl === undefined
        ? "Neither 'databaseUrl' nor 'connection' says where the database is."
        : "'databaseUrl' and 'connection' were both given.",
      "Pass one of them, for instance databaseUrl: 'postgres://user:password@host:5432/database'.",
    )
  }
  const { listen = true, migrate = true, durability = 'durable', schema = 'chan' } = options
  refuse(typeof listen === 'boolean', 'listen', 'true or false')
  refuse(typeof migrate === 'boolean', 'migrate', 'true or false')
  const known = durability === 'durable' || durability === 'unlogged'
  refuse(known, 'durability', "'durable' or 'unlogged'")
  return {
    connection: (databaseUrl ?? connection) as string | ClientConfig,
    listenUrl,
    listen,
    durability,
    schema,
    migrate,
    publishDeadlineMs: atLeast(100, 'publishDeadlineMs', options.publishDeadlineMs, 5_000),
    recoveryMs: atLeast(1_000, 'recoveryMs', options.recoveryMs, 60_000),
    recoveryBytes: atLeast(1_048_576, 'recoveryBytes', options.recoveryBytes, 256 * 1024 * 1024),
    idempotencyMs: atLeast(0, 'idempotencyMs', options.idempotencyMs, 300_000),
    idleChannelTtlMs: atLeast(0, 'idleChannelTtlMs', options.idleChannelTtlMs, 30 * DAY_MS),
    outboxPollMs: atLeast(0, 'outboxPollMs', options.outboxPollMs, 50),
    maxTransactions: atLeast(1, 'maxTransactions', options.maxTransactions, 10),
    // Checked by core.
    defaultHistorySize: options.defaultHistorySize ?? 100,
  }
}

function atLeast(least: number, name: string, value: unknown, byDefault: number): number {
  if (value === undefined) return byDefault
  const isNumber = typeof value === 'number' && Number.isFinite(value) && value >= least
  refuse(isNumber, name, `a number from ${least}`)
  return value as number
}

function refuse(isFine: boolean, name: string, expected: string): void {
  if (isFine) return
  throw new ChanError(
    'invalid-option',
    `'${name}' must be ${expected}.`,
    `Correct '${name}', or leave it out for its default.`,
  )
}
