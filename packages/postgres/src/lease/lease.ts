// What this process is to the others: a node that lives while the LISTEN session holds an advisory
// lock. The kernel of a killed process closes the session, and the lock is free within milliseconds;
// one that hangs or was stopped sends nothing any more, and the server ends its session.

import { randomUUID } from 'node:crypto'
import type { Session } from '../connection/session.js'

/** A node as the database has it. */
export interface Node {
  readonly id: number
  /** The database kept what this process held. */
  readonly kept: boolean
}

/**
 * A session that asks nothing for so long is ended by the server (the observer asks every second);
 * so is one that takes nothing in while much is sent to it, as a stopped process does.
 */
const SETTINGS = `set idle_session_timeout = '10s'; set tcp_user_timeout = '10s'`

export class Lease {
  readonly #schema: string
  /** Finds the node again, also if the answer to the first call was lost. */
  readonly #process = randomUUID()

  /** @param schema the quoted schema */
  constructor(schema: string) {
    this.#schema = schema
  }

  /**
   * Takes an incarnation on a new LISTEN session. From here on the process lives as long as the
   * session, and holds that it had before stay.
   */
  async enter(session: Session): Promise<Node> {
    await session.query(SETTINGS)
    const rows = await session.query<{ node_id: number; kept: boolean }>(
      `select node_id, kept from ${this.#schema}.enter($1)`,
      [this.#process],
    )
    const { node_id: id, kept } = rows[0] as { node_id: number; kept: boolean }
    return { id, kept }
  }

  /** Says goodbye: whoever is held by this process only leaves at once, as `disconnected`. */
  async depart(session: Session, deadlineMs: number): Promise<void> {
    await session.query(`select ${this.#schema}.depart($1)`, [this.#process], { deadlineMs })
  }
}
