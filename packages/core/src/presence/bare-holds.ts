// Which bare holds this process may have: a user's last unsubscribe asks the backend only about those.
// Other processes can end a hold without a word, so this is what may be, never what is.

/** Names remembered; above that, any hold may be there. */
const MAX_REMEMBERED = 10_000

/** @internal */
export class BareHolds {
  /** When they were put, counted in joins: what ends a hold ends those put before it only. */
  readonly #joins = new Map<string, Map<string, number>>()
  #size = 0
  #count = 0
  #overflowed = false

  mayHave(channel: string, userId: string): boolean {
    return this.#overflowed || this.#joins.get(channel)?.has(userId) === true
  }

  /** A bare join was called. */
  add(channel: string, userId: string): void {
    if (this.#overflowed) return
    let users = this.#joins.get(channel)
    if (!users) {
      users = new Map()
      this.#joins.set(channel, users)
    }
    if (!users.has(userId)) this.#size++
    users.set(userId, ++this.#count)
    if (this.#size <= MAX_REMEMBERED) return
    this.#overflowed = true
    this.#joins.clear()
  }

  /** Something that ends the user's hold was called; what it answers is for when it has worked. */
  ending(channel: string, userId: string): () => void {
    const before = this.#count
    return () => {
      const users = this.#joins.get(channel)
      if (users) this.#forget(channel, users, userId, before)
    }
  }

  /** The same for all holds of a channel. */
  endingAll(channel: string): () => void {
    const before = this.#count
    return () => {
      const users = this.#joins.get(channel)
      for (const userId of users?.keys() ?? []) {
        this.#forget(channel, users as Map<string, number>, userId, before)
      }
    }
  }

  #forget(channel: string, users: Map<string, number>, userId: string, before: number): void {
    const put = users.get(userId)
    if (put === undefined || put > before) return
    users.delete(userId)
    this.#size--
    if (users.size === 0) this.#joins.delete(channel)
  }
}
