// What a server has written so far: the next transaction id, and where its WAL ends.

import pg from 'pg'

export interface WriteMarks {
  readonly xid: bigint
  /** Bytes of WAL since the beginning. */
  readonly wal: bigint
  /** Transactions so far, most of them reading only. */
  readonly transactions: number
}

const MARKS = `
select pg_snapshot_xmax(pg_current_snapshot())::text as xid,
  (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::text as wal,
  (select sum(xact_commit)::float8 from pg_stat_database) as transactions`

export class WriteGauge {
  readonly #client: pg.Client

  private constructor(client: pg.Client) {
    this.#client = client
  }

  static async open(databaseUrl: string): Promise<WriteGauge> {
    const client = new pg.Client({ connectionString: databaseUrl })
    client.on('error', () => {})
    await client.connect()
    return new WriteGauge(client)
  }

  async read(): Promise<WriteMarks> {
    const { rows } = await this.#client.query<{ xid: string; wal: string; transactions: number }>(
      MARKS,
    )
    const row = rows[0]
    if (!row) throw new Error('The server did not tell')
    return { xid: BigInt(row.xid), wal: BigInt(row.wal), transactions: row.transactions }
  }

  /**
   * Waits until nothing was written for so long; → whether that came within the deadline. The server
   * itself writes for a while after a checkpoint: a snapshot for standbys, within 15 s.
   */
  async settle(stillMs: number, deadlineMs: number): Promise<boolean> {
    await this.#client.query('checkpoint')
    const end = performance.now() + deadlineMs
    let last = await this.read()
    let since = performance.now()
    while (performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 500))
      const now = await this.read()
      if (now.wal !== last.wal || now.xid !== last.xid) since = performance.now()
      if (performance.now() - since >= stillMs) return true
      last = now
    }
    return false
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.end()
  }
}
