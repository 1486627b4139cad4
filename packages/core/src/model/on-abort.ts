// Listens to abort signals. A user's signal may end thousands of subscriptions: they share one listener,
// where a listener each would look like a leak to Node and make it warn.

type Task = () => void

interface Waiting {
  readonly tasks: Set<Task>
  readonly listener: () => void
}

const bySignal = new WeakMap<AbortSignal, Waiting>()

/**
 * Runs `task` when the signal aborts, in the order of the calls; it must not throw. Answers how to
 * take it back (idempotent). A signal that has aborted already is not listened to.
 */
export function onAbort(signal: AbortSignal | undefined, task: Task): () => void {
  if (!signal || signal.aborted) return () => {}
  const { tasks, listener } = bySignal.get(signal) ?? listen(signal)
  // Its own function, so that one given twice runs twice.
  const own = () => task()
  tasks.add(own)
  return () => {
    if (!tasks.delete(own) || tasks.size > 0) return
    signal.removeEventListener('abort', listener)
    bySignal.delete(signal)
  }
}

function listen(signal: AbortSignal): Waiting {
  const tasks = new Set<Task>()
  const listener = () => {
    bySignal.delete(signal)
    // One taken back by an earlier one does not run: a Set's iteration sees it go.
    for (const task of tasks) task()
    tasks.clear()
  }
  const waiting: Waiting = { tasks, listener }
  bySignal.set(signal, waiting)
  signal.addEventListener('abort', listener, { once: true })
  return waiting
}
