// A process of its own that a test started: calls its methods, hears its events, hurts it.
import { type ChildProcess, fork } from 'node:child_process'
import { Guard } from './guard.js'
import { type FromWorker, fromPlain, type ToWorker } from './worker-messages.js'

/** How a worker ended; one of both is null. */
export interface WorkerExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

interface Call {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
}

const OUTPUT_KEPT = 64 * 1024

export class Worker {
  readonly pid: number
  /** Resolves when the process is gone, however it went. */
  readonly exited: Promise<WorkerExit>
  readonly #child: ChildProcess
  readonly #guard = new Guard('KILL')
  readonly #calls = new Map<number, Call>()
  readonly #listeners = new Map<string, (...values: unknown[]) => void>()
  readonly #unheard: { event: string; values: unknown[] }[] = []
  readonly #ready: Promise<unknown>
  #nextCall = 1
  #output = ''
  #exit: WorkerExit | undefined
  #closed = false

  private constructor(child: ChildProcess, pid: number) {
    this.#child = child
    this.pid = pid
    this.#guard.watch(pid)
    this.#ready = this.#expect(0)
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#exit = { code, signal }
        this.#guard.release()
      })
      // After "exit": what it said before has been read.
      child.once('close', () => {
        this.#closed = true
        this.#rejectAll()
        resolve(this.#exit ?? { code: null, signal: null })
      })
    })
    child.on('error', () => {})
    child.on('message', (message) => this.#take(message as FromWorker))
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output = (this.#output + chunk).slice(-OUTPUT_KEPT)
      })
    }
  }

  /** @internal */
  static async start(
    file: string,
    args: readonly string[],
    env: Readonly<Record<string, string | undefined>>,
  ): Promise<Worker> {
    const child = fork(file, args, {
      env: { ...process.env, ...env },
      execArgv: ['--enable-source-maps'],
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    if (child.pid === undefined) {
      throw await new Promise<Error>((resolve) => child.once('error', resolve))
    }
    const worker = new Worker(child, child.pid)
    try {
      await worker.#ready
      return worker
    } catch (error) {
      await worker.kill()
      throw error
    }
  }

  /** What it wrote to its standard output and error; the last 64 KiB. */
  get output(): string {
    return this.#output
  }

  /** Calls a method of the worker. Rejects with its error, or when the worker dies before it answers. */
  call<T = unknown>(method: string, ...args: unknown[]): Promise<T> {
    const call = this.#nextCall++
    const answer = this.#expect(call) as Promise<T>
    if (this.#closed) this.#rejectAll()
    else this.#send({ call, method, args })
    return answer
  }

  /** Hears an event of the worker; what came before is handed over now. One listener per event. */
  on(event: string, listener: (...values: never[]) => void): void {
    if (this.#listeners.has(event)) throw new Error(`'${event}' has a listener already`)
    const hear = listener as (...values: unknown[]) => void
    this.#listeners.set(event, hear)
    for (const early of this.#unheard.filter((one) => one.event === event)) hear(...early.values)
  }

  /** Sends a signal, SIGKILL by default, and answers `exited`. A paused worker dies of SIGKILL alone. */
  kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<WorkerExit> {
    this.#child.kill(signal)
    return this.exited
  }

  /** Stops it as it stands (SIGSTOP): its sockets stay open, nobody reads. */
  pause(): void {
    this.#child.kill('SIGSTOP')
  }

  /** Lets it go on (SIGCONT). */
  resume(): void {
    this.#child.kill('SIGCONT')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill().then(() => {})
  }

  #send(message: ToWorker): void {
    try {
      // A channel that breaks means a dying worker: its end rejects the call, with a reason.
      this.#child.send(message, () => {})
    } catch (error) {
      this.#settle(message.call)?.reject(error as Error)
    }
  }

  #take(message: FromWorker): void {
    if ('ready' in message) this.#settle(0)?.resolve(undefined)
    else if ('failed' in message) this.#settle(0)?.reject(fromPlain(message.failed))
    else if ('event' in message) this.#hear(message)
    else if ('error' in message) this.#settle(message.answer)?.reject(fromPlain(message.error))
    else this.#settle(message.answer)?.resolve(message.result)
  }

  #hear(message: { readonly event: string; readonly values: unknown[] }): void {
    const listener = this.#listeners.get(message.event)
    if (listener) listener(...message.values)
    else this.#unheard.push(message)
  }

  #expect(call: number): Promise<unknown> {
    return new Promise((resolve, reject) => this.#calls.set(call, { resolve, reject }))
  }

  #settle(call: number): Call | undefined {
    const waiting = this.#calls.get(call)
    this.#calls.delete(call)
    return waiting
  }

  #rejectAll(): void {
    const { code, signal } = this.#exit ?? {}
    const said = this.#output ? `; it wrote:\n${this.#output.trim()}` : ''
    const end = signal ? `of ${signal}` : `with exit code ${code}`
    for (const call of [...this.#calls.keys()]) {
      this.#settle(call)?.reject(new Error(`Worker ${this.pid} died ${end}${said}`))
    }
  }
}
