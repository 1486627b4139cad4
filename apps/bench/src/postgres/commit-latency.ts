// How long this server takes to commit one row: the yardstick for a message on its way.

import pg from 'pg'
import { nowMicros } from '../measure/clock.js'

export class CommitTimer {
  readonly #client: pg.Client

  private constructor(client: pg.Client) {
    this.#client = client
  }

  static async open(databaseUrl: string): Promise<CommitTimer> {
    const client = new pg.Client({ connectionString: databaseUrl })
    client.on('error', () => {})
    await client.connect()
    await client.query('create table if not exists bench_commit (n int, text text)')
    return new CommitTimer(client)
  }

  /** → how long each of so many single rows took to commit, in milliseconds. */
  async take(rows: number): Promise<number[]> {
    const took: number[] = []
    for (let row = 0; row < rows; row++) {
      const at = nowMicros()
      await this.#client.query('insert into bench_commit values ($1, $2)', [row, 'x'.repeat(100)])
      took.push((nowMicros() - at) / 1000)
    }
    return took
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.query('drop table if exists bench_commit').catch(() => {})
    await this.#client.end()
  }
}
