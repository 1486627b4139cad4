// Keeps the calls of one key in order when some of them have to wait (for a connection, for an async
// schema), and lets them run at once when none does.

const NONE: ReadonlyMap<unknown, Promise<unknown>> = new Map()

/** @internal */
export class Turns<K = string> {
  readonly #last = new Map<K, Promise<unknown>>()
  readonly #open = new Map<Promise<unknown>, (reason: unknown) => void>()

  /** Whether a call of this key still waits. */
  busy(key: K): boolean {
    return this.#last.has(key)
  }

  /** Runs the task after every earlier one of this key, whatever became of those. */
  run<T>(key: K, task: () => Promise<T>): Promise<T> {
    const previous = this.#last.get(key)
    let abandon: (reason: unknown) => void = () => {}
    const turn = new Promise<T>((resolve, reject) => {
      abandon = reject
      const begin = () => {
        task().then(resolve, reject)
      }
      if (previous) previous.then(begin, begin)
      else begin()
    })
    this.#open.set(turn, abandon)
    this.#last.set(key, turn)
    const end = () => {
      this.#open.delete(turn)
      if (this.#last.get(key) === turn) this.#last.delete(key)
    }
    turn.then(end, end)
    return turn
  }

  /** Resolves when no call is open any more. */
  async settled(): Promise<void> {
    while (this.#open.size > 0) await Promise.allSettled([...this.#open.keys()])
  }

  /** By key, the last call that is open now; it settles after the earlier ones. */
  snapshot(): ReadonlyMap<K, Promise<unknown>> {
    if (this.#last.size > 0) return new Map(this.#last)
    return NONE as ReadonlyMap<K, Promise<unknown>>
  }

  /** Rejects every call that is still open. */
  abandon(reason: unknown): void {
    for (const reject of [...this.#open.values()]) reject(reason)
  }
}
