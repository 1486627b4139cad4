// A database per test, on any server where the given role may create databases.
import { randomBytes } from 'node:crypto'
import { withClient } from './run-sql.js'

export interface TestDatabase {
  /** The server's address with this database in it. */
  readonly url: string
  readonly name: string
  /** Ends every connection to it and removes it. Calling it twice does no harm. */
  drop(): Promise<void>
}

export interface TestDatabaseOptions {
  /** The name of the database to copy, which nobody may be connected to. Default: the server's. */
  readonly template?: string
}

/** Creates a database under a name of its own, next to the one that `adminUrl` names. */
export async function createTestDatabase(
  adminUrl: string,
  { template }: TestDatabaseOptions = {},
): Promise<TestDatabase> {
  const name = `chan_test_${randomBytes(8).toString('hex')}`
  await withClient(adminUrl, async (admin) => {
    const { rows } = await admin.query('show server_version_num')
    // The default strategy writes the copy through the WAL and takes five times as long.
    const strategy = Number(rows[0].server_version_num) >= 150_000 ? ' strategy file_copy' : ''
    const source = template === undefined ? '' : ` template ${quote(template)}`
    await admin.query(`create database ${name}${source}${strategy}`)
  })
  return { name, url: withDatabase(adminUrl, name), drop: () => dropDatabase(adminUrl, name) }
}

export async function dropDatabase(adminUrl: string, name: string): Promise<void> {
  await withClient(adminUrl, (admin) =>
    admin.query(`drop database if exists ${quote(name)} with (force)`),
  )
}

/** By hand: `URL` refuses addresses without a host, which is how a socket folder is given. */
export function withDatabase(url: string, name: string): string {
  const parts = /^(postgres(?:ql)?:\/\/[^/?#]*)(?:\/[^?#]*)?(\?[^#]*)?/.exec(url)
  if (!parts) throw new Error('A database address begins with postgres:// or postgresql://')
  return `${parts[1]}/${encodeURIComponent(name)}${parts[2] ?? ''}`
}

export function databaseOf(url: string): string {
  return decodeURIComponent(/^[^:]+:\/\/[^/?#]*\/([^?#]*)/.exec(url)?.[1] ?? '')
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
