// A cluster on this machine: a PostgreSQL of its own and one server per port, started and stopped in
// order. The data go with it.

import { type PostgresServer, startPostgres } from '@chan/testkit'
import { MemberProcess } from './member-process.js'

/** How often the database is looked at, in milliseconds. */
const LOOK_MS = 500

export interface ClusterOptions {
  /** One server for each; 0 takes any free port. */
  readonly ports: readonly number[]
  readonly host: string
  /** Hears what the servers print, and of every server that ended without being asked to. */
  readonly print: (line: string) => void
  /** Hears, in words for people, that too little is left to go on. Called once, after the start. */
  readonly failed: (reason: string) => void
}

/** A server that is up. */
export interface RunningServer {
  readonly url: string
  readonly pid: number | undefined
}

export class Cluster {
  readonly #options: ClusterOptions
  #postgres: Promise<PostgresServer> | undefined
  #members: MemberProcess[] = []
  #look: NodeJS.Timeout | undefined
  #closed: Promise<void> | undefined
  #killed: Promise<void> | undefined

  constructor(options: ClusterOptions) {
    this.#options = options
  }

  /** Resolves when every server is up. Rejects with a message for people; `close` is still due. */
  async start(): Promise<readonly RunningServer[]> {
    const { ports, host, print } = this.#options
    this.#postgres = startPostgres()
    const postgres = await this.#postgres
    if (this.#stopping) throw new Error('Stopped before it was up.')
    this.#members = ports.map((port, index) => {
      const name = `Server ${index + 1}`
      const line = (text: string) => print(`${name}: ${text}`)
      return new MemberProcess({ name, port, host, databaseUrl: postgres.url, print: line })
    })
    const servers = await Promise.all(
      this.#members.map(async (member) => ({ url: await member.ready, pid: member.pid })),
    )
    for (const member of this.#members) void member.ended.then((how) => this.#gone(member, how))
    this.#look = setInterval(() => this.#lookAt(postgres), LOOK_MS)
    return servers
  }

  /** Servers first, each in its order, then the database. Idempotent, also while it starts. */
  close(): Promise<void> {
    this.#closed ??= this.#end((member) => member.stop())
    return this.#closed
  }

  /** The same without goodbyes, also while it closes. */
  kill(): Promise<void> {
    this.#killed ??= this.#end((member) => member.kill())
    return this.#killed
  }

  get #stopping(): boolean {
    return this.#closed !== undefined || this.#killed !== undefined
  }

  async #end(endMember: (member: MemberProcess) => Promise<void>): Promise<void> {
    clearInterval(this.#look)
    await Promise.all(this.#members.map(endMember))
    // A database that did not start has nothing to be closed, and said so in `start`.
    const postgres = await this.#postgres?.catch(() => undefined)
    await postgres?.close()
  }

  #gone(member: MemberProcess, how: string): void {
    if (this.#stopping) return
    this.#members = this.#members.filter((other) => other !== member)
    if (this.#members.length === 0) return this.#fail(`${member.name} is gone (${how}), too.`)
    this.#options.print(`${member.name} is gone (${how}). The rest goes on without it.`)
  }

  #lookAt(postgres: PostgresServer): void {
    if (!postgres.isRunning) this.#fail('PostgreSQL is gone.')
  }

  #fail(reason: string): void {
    if (this.#stopping) return
    clearInterval(this.#look)
    this.#options.failed(reason)
  }
}
