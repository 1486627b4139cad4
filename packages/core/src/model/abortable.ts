// Gives up waiting when a signal says so; what was waited for goes on, unheard.

import { onAbort } from './on-abort.js'

/** Settles like `task`, or rejects with `signal.reason` as soon as the signal aborts. */
export async function abortable<T>(signal: AbortSignal | undefined, task: Promise<T>): Promise<T> {
  if (!signal) return task
  let off = () => {}
  const aborted = new Promise<never>((_, reject) => {
    const stop = () => reject(signal.reason)
    if (signal.aborted) stop()
    else off = onAbort(signal, stop)
  })
  try {
    return await Promise.race([task, aborted])
  } finally {
    off()
  }
}
