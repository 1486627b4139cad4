// Gives up waiting when a signal says so; what was waited for goes on, unheard.

/** Settles like `task`, or rejects with `signal.reason` as soon as the signal aborts. */
export async function abortable<T>(signal: AbortSignal | undefined, task: Promise<T>): Promise<T> {
  if (!signal) return task
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
  })
  try {
    return await Promise.race([task, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
