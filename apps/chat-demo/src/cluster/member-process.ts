// The starting program's side of one server: forks it, waits until it serves, passes on what it
// prints, and ends it.

import { type ChildProcess, fork } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { FromMember, ToMember } from './member-messages.js'

const ENTRY = fileURLToPath(new URL('./member.ts', import.meta.url))

export interface MemberOptions {
  /** For people. */
  readonly name: string
  readonly port: number
  readonly host: string
  readonly databaseUrl: string
  /** Hears each line that the server prints. */
  readonly print: (line: string) => void
}

export class MemberProcess {
  readonly name: string
  /** Resolves to the server's address; rejects with a message for people. */
  readonly ready: Promise<string>
  /** Resolves, in words, when the process is gone, however it went. */
  readonly ended: Promise<string>
  readonly #child: ChildProcess
  #serving = false

  constructor({ name, port, host, databaseUrl, print }: MemberOptions) {
    this.name = name
    this.#child = fork(ENTRY, [String(port), host], {
      env: { ...process.env, DATABASE_URL: databaseUrl },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // Out of reach of the terminal's Ctrl-C, which is ours to pass on, in order.
      detached: true,
    })
    this.#child.on('error', (error) => print(String(error)))
    for (const input of [this.#child.stdout, this.#child.stderr]) {
      if (input) createInterface({ input }).on('line', print)
    }
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`))
    })
    this.ready = new Promise((resolve, reject) => {
      this.#child.once('message', (message: FromMember) => {
        this.#serving = 'url' in message
        if ('url' in message) resolve(message.url)
        else reject(new Error(message.failure))
      })
      void this.ended.then((how) => reject(new Error(`${name} ended while it started (${how}).`)))
    })
    // Whoever stops before it was ready asks no more.
    this.ready.catch(() => {})
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Resolves when it has said goodbye to everybody and is gone. */
  async stop(): Promise<void> {
    if (!this.#serving) return this.kill()
    const stop: ToMember = 'stop'
    // Where it is gone already, there is nobody to tell.
    if (this.#child.connected) this.#child.send(stop, () => {})
    await this.ended
  }

  /** Resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.ended
  }
}
