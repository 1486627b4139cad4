// Gives up waiting after a time; what was waited for goes on, unheard.

import type { Clock } from './clock.js'

/** Settles like `task`, or rejects with `expired()` after `ms` milliseconds. */
export async function withDeadline<T>(
  clock: Clock,
  ms: number,
  task: Promise<T>,
  expired: () => Error,
): Promise<T> {
  let cancel = () => {}
  const late = new Promise<never>((_, reject) => {
    const timer = clock.after(ms, () => reject(expired()))
    cancel = () => timer.cancel()
  })
  try {
    return await Promise.race([task, late])
  } finally {
    cancel()
  }
}
