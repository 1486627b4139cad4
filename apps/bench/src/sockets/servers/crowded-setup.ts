// What the server of a stalled crowd is told at its start, and what it tells.

import type { SlowConsumerPolicy } from '@chan/postgres'

export interface CrowdedSetup {
  readonly databaseUrl: string
  readonly slowConsumer: SlowConsumerPolicy
  readonly history: number
  /** Of a large message's text, about. */
  readonly largeBytes: number
}

export interface CrowdedStats {
  /** Reads of the log and of history that went to the database. */
  readonly reads: number
  /** Sockets for which something waits in the process, and how many bytes for all. */
  readonly stalled: number
  readonly waiting: number
}

/** Who goes here is well and gets both channels; anybody else the large messages, with history. */
export const WELL = 'well'
