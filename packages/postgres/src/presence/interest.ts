// The interest port: how many subscribers a channel has.

import type { InterestStore } from '@chan/core/backend'
import { assertLeased, type Holding } from './holding.js'
import { setInterest } from './operation.js'

export class Interest implements InterestStore {
  readonly #holding: Holding

  constructor(holding: Holding) {
    this.#holding = holding
  }

  async reportInterest(counts: ReadonlyMap<string, number>): Promise<void> {
    assertLeased(this.#holding, 'count subscribers')
    const reports = Array.from(counts, ([channel, count]) => setInterest(channel, count))
    await Promise.all(reports.map((report) => this.#holding.run(report)))
  }

  async totalInterest(channel: string): Promise<number> {
    const rows = await this.#holding.read<{ total: string }>(
      `select coalesce(sum(count), 0) as total from ${this.#holding.schema}.interest
        where channel = $1`,
      [channel],
    )
    return Number(rows[0]?.total)
  }
}
