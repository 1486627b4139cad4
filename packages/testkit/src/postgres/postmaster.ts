// One run of the server's program, from its start to its end.
import type { ChildProcess } from 'node:child_process'
import { spawnSync } from 'node:child_process'
import { closeSync, openSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { childrenOf, isAlive } from '../processes/process-tree.js'
import { waitFor } from '../wait-for.js'
import { run, spawnAs } from './account.js'
import type { DataFolder } from './data-folder.js'
import { releaseSharedMemory } from './shared-memory.js'

/** Recovery after a kill under load replays at most one checkpoint's WAL; a slow disk takes long. */
const START_MS = 60_000
const STOP_MS = 60_000

export class Postmaster {
  readonly pid: number
  readonly #child: ChildProcess
  readonly #folder: DataFolder

  private constructor(child: ChildProcess, pid: number, folder: DataFolder) {
    this.#child = child
    this.pid = pid
    this.#folder = folder
  }

  /** Resolves when it takes connections. */
  static async start(folder: DataFolder, args: readonly string[]): Promise<Postmaster> {
    // A file, because backends that write to a full pipe wait until a busy test reads it.
    const log = openSync(logOf(folder), 'a')
    const since = statSync(logOf(folder)).size
    const { account, binaries, base, data, guard } = folder
    const child = spawnAs(account, binaries.postgres, ['-D', data, ...args], {
      cwd: base,
      stdio: ['ignore', log, log],
      detached: true,
    })
    closeSync(log)
    const failed = new Promise<Error>((resolve) => child.once('error', resolve))
    if (child.pid === undefined) throw await failed
    child.on('error', () => {})
    child.unref()
    guard.watch(child.pid)
    child.once('exit', () => guard.watch(undefined))
    const postmaster = new Postmaster(child, child.pid, folder)
    await postmaster.#becomeReady(since)
    return postmaster
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Like `systemctl stop`: sessions are ended, everything is written, standbys get the rest. */
  async stop(): Promise<void> {
    if (process.platform === 'win32') {
      const { account, binaries, base, data } = this.#folder
      await run(binaries.pgCtl, ['stop', '-D', data, '-m', 'fast'], account, base)
    } else this.#signal('SIGINT')
    await this.#exit('a clean stop').catch(async (error) => {
      await this.kill()
      throw error
    })
  }

  /** For data that nobody wants any more: fast, but all that the server got from the system goes. */
  async quit(): Promise<void> {
    if (!this.isRunning) return
    if (process.platform === 'win32') return this.kill()
    this.#signal('SIGQUIT')
    await this.#exit('the immediate stop').catch(() => this.kill())
  }

  /** As a power cut would: nothing is written any more, by nobody. */
  async kill(): Promise<void> {
    if (!this.isRunning) return
    if (process.platform === 'win32') {
      spawnSync('taskkill', ['/pid', String(this.pid), '/T', '/F'])
      return this.#exit('the end by taskkill')
    }
    // Stopped first, so that it starts nobody while we count; it leaves each child a group of its own.
    this.#signal('SIGSTOP')
    const children = childrenOf(this.pid)
    this.#signal('SIGKILL')
    for (const child of children) signal(child, 'SIGKILL')
    await this.#exit('the end by SIGKILL')
    await waitFor(() => !children.some(isAlive), {
      deadlineMs: STOP_MS,
      label: 'the end of the server’s processes',
    })
    releaseSharedMemory(this.#folder.data)
  }

  async #becomeReady(since: number): Promise<void> {
    await waitFor(() => !this.isRunning || this.#reportsReady(), {
      deadlineMs: START_MS,
      label: 'PostgreSQL to take connections',
    }).catch(async (error) => {
      await this.kill()
      throw error
    })
    if (this.isRunning) return
    const log = readFileSync(logOf(this.#folder)).subarray(since).toString().trim()
    throw new Error(`PostgreSQL did not start: ${log}`)
  }

  /** The first line names who wrote it: after a kill the file of the last run is still there. */
  #reportsReady(): boolean {
    try {
      const lines = readFileSync(join(this.#folder.data, 'postmaster.pid'), 'utf8').split('\n')
      return Number(lines[0]) === this.pid && /^(ready|standby)/.test(lines[7] ?? '')
    } catch {
      return false
    }
  }

  #exit(how: string): Promise<void> {
    return waitFor(() => !this.isRunning, {
      deadlineMs: STOP_MS,
      label: `${how} of PostgreSQL`,
    }).then(() => {})
  }

  #signal(name: NodeJS.Signals): void {
    signal(this.pid, name)
  }
}

export function logOf({ base }: DataFolder): string {
  return join(base, 'log')
}

/** Gone already is as good. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
