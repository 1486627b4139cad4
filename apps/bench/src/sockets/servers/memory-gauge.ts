// What a process holds in memory, without its garbage, and at its worst.

import { Session } from 'node:inspector/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** Bytes. */
export interface MemoryReading {
  readonly rss: number
  /** JavaScript objects, and the buffers they hold outside of the heap. */
  readonly heap: number
}

const PEAK_EVERY_MS = 20

/**
 * Several times, with turns between: finalizers run in turns of their own and free more. As the
 * developer tools do it, which is more than `gc()` does: V8 also moves objects together, and gives
 * back the room for new ones, up to 32 MiB that a crowd's arrival made it reserve.
 */
export async function collectGarbage(): Promise<void> {
  const session = new Session()
  session.connect()
  for (let time = 0; time < 4; time++) {
    await session.post('HeapProfiler.collectGarbage')
    await sleep(50)
  }
  session.disconnect()
}

export function readMemory(): MemoryReading {
  const { rss, heapUsed, external } = process.memoryUsage()
  return { rss, heap: heapUsed + external }
}

export class PeakGauge {
  #peak = 0
  readonly #timer = setInterval(() => this.#look(), PEAK_EVERY_MS)

  static start(): PeakGauge {
    return new PeakGauge()
  }

  /** → the largest resident size that was seen, in bytes. */
  stop(): number {
    this.#look()
    clearInterval(this.#timer)
    return this.#peak
  }

  #look(): void {
    this.#peak = Math.max(this.#peak, process.memoryUsage.rss())
  }
}
