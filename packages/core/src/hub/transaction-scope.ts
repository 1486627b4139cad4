// What was published in one transaction of a layer: it decides whether the transaction may commit.

/** @internal */
export class TransactionScope {
  /** Its function has settled: nothing is taken in any more. */
  ended = false
  readonly #open = new Set<Promise<unknown>>()
  #failure: { readonly reason: unknown } | undefined

  /** Takes a publish in. Its failure is this scope's affair, whoever else hears of it. */
  include(publishing: Promise<unknown>): void {
    this.#open.add(publishing)
    publishing.then(
      () => this.#open.delete(publishing),
      (reason: unknown) => {
        this.#open.delete(publishing)
        this.#failure ??= { reason }
      },
    )
  }

  /**
   * Runs the function, and settles when everything published in it has: nothing of it may reach the
   * database after the end of the transaction. Rejects with what the function or else the first
   * publish failed with; it cannot be known whether anybody has looked at the latter.
   */
  async run<T>(work: () => T | Promise<T>): Promise<T> {
    let result: T
    try {
      result = await work()
    } finally {
      this.ended = true
      await Promise.allSettled(this.#open)
    }
    if (this.#failure) throw this.#failure.reason
    return result
  }
}
