// The group port: which channels belong to a group, for good or while somebody holds them.

import type { GroupStore } from '@chan/core/backend'
import { assertLeased, type Holding } from './holding.js'
import { addToGroup, type Operation, removeFromGroup } from './operation.js'

export class Groups implements GroupStore {
  readonly #holding: Holding
  readonly #changing = new Set<Promise<unknown>>()
  /** A read that waits for changes called before it. */
  #reading: Promise<unknown> | undefined

  constructor(holding: Holding) {
    this.#holding = holding
  }

  async addMember(group: string, channel: string, hold: string | null): Promise<void> {
    if (hold !== null) assertLeased(this.#holding, 'hold a channel in a group')
    await this.#change(addToGroup(group, channel, hold))
  }

  async removeMember(group: string, channel: string, hold: string | null): Promise<void> {
    if (hold !== null) assertLeased(this.#holding, 'release what it holds')
    await this.#change(removeFromGroup(group, channel, hold))
  }

  /** The members at the call: with every change called before it here, and none called after. */
  async members(group: string): Promise<readonly string[]> {
    if (this.#changing.size > 0) {
      const reading = Promise.allSettled(this.#changing)
      this.#reading = reading
      await reading
      if (this.#reading === reading) this.#reading = undefined
    }
    const { schema } = this.#holding
    const rows = await this.#holding.readInTurn<{ channel: string }>(
      `select channel from ${schema}.group_member where grp = $1
        union select channel from ${schema}.group_hold where grp = $1`,
      [group],
    )
    return rows.map(({ channel }) => channel)
  }

  async #change(operation: Operation): Promise<void> {
    if (this.#reading) await this.#reading
    const change = this.#holding.run(operation)
    this.#changing.add(change)
    try {
      await change
    } finally {
      this.#changing.delete(change)
    }
  }
}
