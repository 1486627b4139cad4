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
    return this.#take([key], this.#last.get(key), task)
  }

  /** The same for a task of several keys: the later ones of each wait for it. */
  runEach<T>(keys: readonly K[], task: () => Promise<T>): Promise<T> {
    const earlier = new Set<Promise<unknown>>()
    for (const key of keys) {
      const last = this.#last.get(key)
      if (last) earlier.add(last)
    }
    return this.#take(keys, earlier.size > 0 ? Promise.allSettled(earlier) : undefined, task)
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

  #take<T>(
    keys: readonly K[],
    previous: Promise<unknown> | undefined,
    task: () => Promise<T>,
  ): Promise<T> {
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
    for (const key of keys) this.#last.set(key, turn)
    const end = () => {
      this.#open.delete(turn)
      for (const key of keys) if (this.#last.get(key) === turn) this.#last.delete(key)
    }
    turn.then(end, end)
    return turn
  }
}
