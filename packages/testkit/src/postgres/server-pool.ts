// The pooler's connections for one user and database, lent in turn: consecutive transactions of a
// client land on different servers, so that nothing works by luck.
import type { PooledServer } from './pooled-server.js'

interface Slot {
  server?: PooledServer
  isLent: boolean
}

export class ServerPool {
  readonly #slots: Slot[]
  readonly #open: () => Promise<PooledServer>
  readonly #waiting: ((slot: Slot) => void)[] = []
  #turn = 0
  #isClosed = false

  constructor(size: number, open: () => Promise<PooledServer>) {
    this.#slots = Array.from({ length: size }, () => ({ isLent: false }))
    this.#open = open
  }

  /** Waits for a free one. Rejects with a `LoginFailure`. */
  async lease(): Promise<PooledServer> {
    const slot = this.#takeNext() ?? (await new Promise<Slot>((take) => this.#waiting.push(take)))
    try {
      if (!slot.server?.isOpen) slot.server = await this.#open()
      if (this.#isClosed) slot.server.destroy()
      return slot.server
    } catch (error) {
      this.#free(slot)
      throw error
    }
  }

  /** A connection that is not as clean as it was lent must be destroyed before. */
  release(server: PooledServer): void {
    server.lendTo(undefined)
    const slot = this.#slots.find((one) => one.server === server)
    if (slot) this.#free(slot)
  }

  close(): void {
    this.#isClosed = true
    for (const { server } of this.#slots) server?.destroy()
  }

  #takeNext(): Slot | undefined {
    for (let i = 0; i < this.#slots.length; i++) {
      const at = (this.#turn + i) % this.#slots.length
      const slot = this.#slots[at]
      if (!slot || slot.isLent) continue
      slot.isLent = true
      this.#turn = at + 1
      return slot
    }
    return
  }

  #free(slot: Slot): void {
    slot.isLent = false
    const take = this.#waiting.shift()
    const next = take && this.#takeNext()
    if (next) take(next)
  }
}
