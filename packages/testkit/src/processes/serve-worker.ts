// The worker's half of `startWorker`: answers calls of the test, ends with it.
import { type FromWorker, type ToWorker, toPlain } from './worker-messages.js'

/** Tells the test about something; values are cloned as by `structuredClone`. */
export type Emit = (event: string, ...values: unknown[]) => void

// biome-ignore lint/suspicious/noExplicitAny: each method has its own parameters
export type WorkerMethods = Readonly<Record<string, (...args: any[]) => unknown>>

/**
 * Call it once, at the end of the entry file. What the test's `startWorker` answers waits for
 * `create`; when that throws, `startWorker` rejects with its error. The arguments given to
 * `startWorker` are in `process.argv` from index 2 on.
 */
export async function serveWorker(
  create: (emit: Emit) => WorkerMethods | Promise<WorkerMethods>,
): Promise<void> {
  if (!process.send) throw new Error('serveWorker runs in a process that startWorker started')
  // Whatever still runs: without its test nobody needs it.
  process.on('disconnect', () => process.exit(1))
  try {
    const methods = await create((event, ...values) => send({ event, values }))
    process.on('message', (message) => answer(methods, message as ToWorker))
    send({ ready: true })
  } catch (error) {
    send({ failed: toPlain(error) })
  }
}

async function answer(methods: WorkerMethods, { call, method, args }: ToWorker): Promise<void> {
  try {
    const run = methods[method]
    if (!run) throw new Error(`The worker has no method '${method}'`)
    send({ answer: call, result: await run(...args) })
  } catch (error) {
    send({ answer: call, error: toPlain(error) })
  }
}

/** Throws for what cannot be cloned. Does nothing where the test is gone. */
function send(message: FromWorker): void {
  if (process.connected) process.send?.(message)
}
