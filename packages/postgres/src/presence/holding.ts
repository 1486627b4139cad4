// What the stores of presence, groups and interest share: a way to change things in order, a way to
// read, and a refusal where nothing can be held.

import { ChanError } from '@chan/core/backend'
import type { Answer, Operation } from './operation.js'

export interface Holding {
  /** The quoted schema. */
  readonly schema: string
  /** The process listens, so it has a lease to hold things by. */
  readonly leased: boolean
  /** Does it, after everything called before. */
  run(operation: Operation): Promise<Answer>
  /** Reads before any change called after it is made. */
  readInTurn<R extends object>(text: string, values: readonly unknown[]): Promise<R[]>
  /** Reads on any connection. */
  read<R extends object>(text: string, values: readonly unknown[]): Promise<R[]>
}

/** @throws {ChanError} `listen-disabled` in a layer that does not listen */
export function assertLeased({ leased }: Holding, what: string): void {
  if (leased) return
  throw new ChanError(
    'listen-disabled',
    `This layer does not listen (listen: false), so it cannot ${what}.`,
    'What a process holds ends with its LISTEN connection, and there is none. Use a layer that ' +
      'listens; reading, publishing, removing a user for good and adding to groups for good work here.',
  )
}
