// What a worker is told at its start.

/** Who carries the messages: ours, or the peer. */
export type Via = 'chan' | 'socket.io'

/** Options of `PgChannelLayer` that benchmarks vary. */
export interface LayerSetup {
  readonly durability?: 'durable' | 'unlogged'
  readonly recoveryMs?: number
  readonly listen?: boolean
}

export interface WorkerSetup {
  readonly via: Via
  readonly databaseUrl: string
  readonly layer: LayerSetup
  readonly channels: number
  /** How many publish, and which of them this one is. */
  readonly publishers: number
  readonly publisher: number
  /** Bytes of a message's JSON text. */
  readonly size: number
  /** Where CPU profiles go; empty for none. */
  readonly profileFolder: string
}

export function readSetup(): WorkerSetup {
  return JSON.parse(process.argv[2] ?? '{}')
}

/** The names that all benchmarks use. */
export function channelName(index: number): string {
  return `bench:${index}`
}
