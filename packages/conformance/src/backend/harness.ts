// What somebody who wants a backend checked has to provide.

import type { ChannelBackend } from '@chan/core/backend'
import type { Skips } from '../cases.js'

/** A store shared by several processes, empty at first or at least free of this run's names. */
export interface Cluster {
  /** A new process on the store: a backend that nobody has opened yet. */
  join(): ChannelBackend | Promise<ChannelBackend>
  /** Ends an opened backend as `kill -9` ends a process. Resolves when that is done, not noticed. */
  crash(backend: ChannelBackend): Promise<void>
  /** Runs after the backends were closed. */
  close(): Promise<void>
}

/** A backend and how to set it up. */
export interface BackendHarness {
  /** Appears in the titles. */
  readonly name: string
  /** Called once per case. */
  createCluster(): Promise<Cluster>
  /** Cases to leave out: title and reason. One that matches no case fails. */
  readonly skip?: Skips
  /**
   * How often a race is run; a chain is ten times as long. Default 1,000, which suits a store in
   * memory; one behind a network may say less.
   */
  readonly rounds?: number
}
