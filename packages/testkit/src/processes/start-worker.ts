// Runs a TypeScript file of this repository as a process of its own.
import { fileURLToPath } from 'node:url'
import { bundleWorker } from './bundle-worker.js'
import { Worker } from './worker.js'

export interface WorkerOptions {
  /** What the worker finds in `process.argv` from index 2 on. */
  readonly args?: readonly string[]
  /** Over this process's own environment; undefined takes a variable out. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

/**
 * Starts the entry, which calls `serveWorker`, and resolves once that is ready. The worker never
 * outlives this process: it ends when the channel between both closes, and a guard kills it.
 * `entry`: `new URL('./publisher.ts', import.meta.url)`, or a path.
 */
export async function startWorker(
  entry: string | URL,
  { args = [], env = {} }: WorkerOptions = {},
): Promise<Worker> {
  const path = String(entry).startsWith('file:') ? fileURLToPath(entry) : String(entry)
  return Worker.start(await bundleWorker(path), args, env)
}
