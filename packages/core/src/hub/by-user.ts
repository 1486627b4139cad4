// Things that belong to users, found by user.

/** @internal */
export class ByUser<T> {
  readonly #byUser = new Map<string | null, Set<T>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  add(userId: string | null, item: T): void {
    let items = this.#byUser.get(userId)
    if (!items) {
      items = new Set()
      this.#byUser.set(userId, items)
    }
    if (items.has(item)) return
    items.add(item)
    this.#size++
  }

  /** Answers whether it was there. */
  remove(userId: string | null, item: T): boolean {
    const items = this.#byUser.get(userId)
    if (!items?.delete(item)) return false
    if (items.size === 0) this.#byUser.delete(userId)
    this.#size--
    return true
  }

  /** The user's, as of now. */
  of(userId: string | null): T[] {
    return [...(this.#byUser.get(userId) ?? [])]
  }

  /** Everybody's, as of now. */
  all(): T[] {
    return [...this.#byUser.values()].flatMap((items) => [...items])
  }
}
