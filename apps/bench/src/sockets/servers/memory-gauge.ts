// What a process holds in memory, without its garbage, and at its worst.

import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Bytes. */
export interface MemoryReading {
  readonly rss: number
  /** JavaScript objects, and the buffers they hold outside of the heap. */
  readonly heap: number
}

const PEAK_EVERY_MS = 20

let gc: (() => void) | undefined

/** Several times, with turns between: finalizers run in turns of their own and free more. */
export async function collectGarbage(): Promise<void> {
  gc ??= exposedGc()
  for (let time = 0; time < 4; time++) {
    gc()
    await sleep(50)
  }
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

/** Workers are started without `--expose-gc`; contexts made after the flag is set have it. */
function exposedGc(): () => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc')
}
