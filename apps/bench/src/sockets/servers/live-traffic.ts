// Publishes by a schedule: a message tells when it was due, so that a server which is late with
// publishing, too, hides nothing.

import { setTimeout as sleep } from 'node:timers/promises'
import { nowMicros } from '../../measure/clock.js'

/** What was published. */
export interface LivePublished {
  readonly small: number
  readonly large: number
}

export class LiveTraffic {
  readonly #publish: (isLarge: boolean, dueAt: number) => Promise<void>
  #stopped = false
  #running: Promise<LivePublished> | undefined

  /** @param publish resolves when the message is stored */
  constructor(publish: (isLarge: boolean, dueAt: number) => Promise<void>) {
    this.#publish = publish
  }

  /** A message every so often, every so many of which is a large one. */
  start(everyMs: number, largeEvery: number): void {
    this.#stopped = false
    this.#running = this.#run(everyMs, largeEvery)
    // Heard when it is stopped.
    this.#running.catch(() => {})
  }

  /** Resolves when everything is stored. */
  stop(): Promise<LivePublished> | undefined {
    this.#stopped = true
    return this.#running
  }

  async #run(everyMs: number, largeEvery: number): Promise<LivePublished> {
    const beganAt = nowMicros()
    const published = { small: 0, large: 0 }
    const storing: Promise<void>[] = []
    const failures: unknown[] = []
    for (let sent = 0; !this.#stopped; ) {
      const dueAt = beganAt + sent * everyMs * 1000
      if (dueAt > nowMicros()) {
        await sleep(1)
        continue
      }
      const isLarge = ++sent % largeEvery === 0
      published[isLarge ? 'large' : 'small']++
      storing.push(this.#publish(isLarge, dueAt).catch((error) => void failures.push(error)))
    }
    await Promise.all(storing)
    if (failures.length > 0) throw failures[0]
    return published
  }
}
