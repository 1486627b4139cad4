// A PostgreSQL server for a test: what it can be told to do between its start and its removal.
import { readFileSync } from 'node:fs'
import { waitFor } from '../wait-for.js'
import type { PostgresVersion } from './binaries.js'
import type { DataFolder } from './data-folder.js'
import { logOf, Postmaster } from './postmaster.js'
import { runSql } from './run-sql.js'
import { asArguments, type Settings } from './settings.js'
import { createTestDatabase, databaseOf, dropDatabase } from './test-database.js'

/** Comes from `startPostgres()` or `createStandby()`; `close()` removes it. */
export class PostgresServer {
  readonly version: PostgresVersion
  readonly port: number
  /** The superuser's address of the database `postgres`, with no password. */
  readonly url: string
  readonly settings: Settings
  readonly #folder: DataFolder
  #postmaster: Postmaster | undefined
  #closed: Promise<void> | undefined

  /** @internal */
  constructor(version: PostgresVersion, port: number, settings: Settings, folder: DataFolder) {
    this.version = version
    this.port = port
    this.url = `postgres://postgres@127.0.0.1:${port}/postgres`
    this.settings = settings
    this.#folder = folder
  }

  /** Of the server's first process. Undefined while it is down. */
  get pid(): number | undefined {
    return this.isRunning ? this.#postmaster?.pid : undefined
  }

  get isRunning(): boolean {
    return this.#postmaster?.isRunning ?? false
  }

  get dataDir(): string {
    return this.#folder.data
  }

  /** What the server wrote to its log so far, for a test that wants to explain a failure. */
  get log(): string {
    return readFileSync(logOf(this.#folder), 'utf8')
  }

  /** Starts it (again), on the same data and port. Resolves when it takes connections. */
  async start(): Promise<void> {
    if (this.#closed) throw new Error('This PostgreSQL server is closed; start a new one')
    if (this.isRunning) throw new Error('This PostgreSQL server is running already')
    const args = ['-p', String(this.port), ...asArguments(this.settings)]
    this.#postmaster = await Postmaster.start(this.#folder, args)
  }

  /** Shuts it down cleanly, ending every session. The data stay. */
  async stop(): Promise<void> {
    if (this.isRunning) await this.#postmaster?.stop()
  }

  /** SIGKILL to all of its processes: a crash. The data stay, as far as they were written. */
  async kill(): Promise<void> {
    await this.#postmaster?.kill()
  }

  /** Ends it and removes its folder; data in a caller's `dataDir` stay. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    // Data that stay are left clean, data that go are not written once more.
    if (this.#folder.isOwn) await this.#postmaster?.quit()
    else await this.stop()
    await this.#folder.remove()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Creates a database under a new name, as a copy of the one named or addressed; → its address. */
  async createDatabase(template?: string): Promise<string> {
    const options = template === undefined ? {} : { template: nameOf(template) }
    return (await createTestDatabase(this.url, options)).url
  }

  /** Ends every connection to the database, named or addressed, and removes it. */
  dropDatabase(database: string): Promise<void> {
    return dropDatabase(this.url, nameOf(database))
  }

  /** Makes a standby the primary of a new timeline. Resolves when it takes writes. */
  async promote(): Promise<void> {
    await runSql(this.url, 'select pg_promote(wait => false)')
    await waitFor(async () => !(await this.isInRecovery()), {
      deadlineMs: 60_000,
      label: 'the standby to become a primary',
    })
  }

  /** Whether it is a standby. */
  async isInRecovery(): Promise<boolean> {
    const [row] = await runSql<{ is: boolean }>(this.url, 'select pg_is_in_recovery() as is')
    return row?.is ?? false
  }
}

function nameOf(database: string): string {
  return database.includes('://') ? databaseOf(database) : database
}
