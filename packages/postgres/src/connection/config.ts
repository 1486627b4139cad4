// Where to connect to: reads what the user gave, refuses what cannot be meant, and keeps the
// password out of everything that prints.

import { ChanError } from '@chan/core/backend'
import { Client, type ClientConfig } from 'pg'
import { valueTypes } from './value-types.js'

/** A `postgres://` URL, or the config of `pg`: TLS, a password callback, a Unix socket. */
export type ConnectionOption = string | ClientConfig

/** Starts TCP keep-alive probes after this long without a byte. */
const KEEP_ALIVE_MS = 10_000

const URL_HINT =
  "Write it as 'postgres://user:password@host:5432/database', with the characters @ : / ? # % of a " +
  'user name or password percent-encoded (encodeURIComponent), or give the parts as an object.'

/** A checked place to connect to. Printing it shows `target` only. */
export class SessionConfig {
  /** `user@host:port/database`, for messages and logs. */
  readonly target: string
  readonly #config: ClientConfig

  /** @throws {ChanError} `invalid-option`; its message never quotes the connection */
  constructor(connection: ConnectionOption) {
    this.#config = typeof connection === 'string' ? { connectionString: connection } : connection
    if (typeof this.#config !== 'object' || this.#config === null) {
      throw refusal('neither a text nor an object')
    }
    const url = this.#config.connectionString
    if (url !== undefined) checkUrl(url)
    this.target = describe(this.#config)
  }

  /** A client of pg that is not connected yet. */
  createClient(applicationName: string): Client {
    const config: ClientConfig & { readonly pipeline: boolean; readonly binary: boolean } = {
      ...this.#config,
      // The user's own name wins, as in libpq.
      fallback_application_name: applicationName,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
      // Deadlines are the session's affair: pg's would leave a live connection out of step.
      connectionTimeoutMillis: 0,
      query_timeout: undefined,
      types: valueTypes,
      pipeline: false,
      binary: false,
    }
    const client = new Client(config)
    // In pg an address without a password would win over a password given beside it.
    if (!client.password) client.password = this.#config.password as string
    return client
  }
}

/** Where one connection would go, without a password. */
function describe(config: ClientConfig): string {
  try {
    const { user, host, port, database } = new Client(config)
    const address = host.includes(':') ? `[${host}]` : host
    return `${user ? `${user}@` : ''}${address}:${port}/${database ?? ''}`
  } catch (error) {
    // Neither the message nor the error itself is passed on: both may quote the address.
    const { code, path } = error as { code?: unknown; path?: unknown }
    if (path !== undefined) throw refusal('not usable: a file that it names cannot be read')
    const isAddress = code === 'ERR_INVALID_URL' || error instanceof URIError
    throw refusal(isAddress ? 'not readable as an address' : 'not usable: look at its TLS settings')
  }
}

function checkUrl(url: string): void {
  if (typeof url !== 'string' || url === '') throw refusal('empty')
  if (url.startsWith('/')) return
  // pg takes anything else for the name of a database, and would show it in an error.
  if (!/^(postgres|postgresql|socket):/i.test(url)) throw refusal('no postgres:// address')
  const afterAuthority = url.replace(/^[a-z]+:\/\/[^/?#]*/i, '')
  // A raw / ? or # in the password ends the address early: what follows would be a host or database.
  if (/#|^[^?]*@|\?[^=&]*@/.test(afterAuthority)) {
    throw refusal('not readable: a user name or password with unencoded characters')
  }
}

function refusal(problem: string): ChanError {
  return new ChanError(
    'invalid-option',
    `The connection to PostgreSQL is ${problem}. It is not shown, it may hold a password.`,
    URL_HINT,
  )
}
