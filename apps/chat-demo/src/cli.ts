// The command line in words: options, usage, what is said at the start and when it fails.

import { isChanError } from '@chan/core'
import { got, Mistake, parseOptions, readHost, readPort } from './arguments.js'
import type { DemoOptions } from './server.js'

export const usage = `Chan demo: chat, notifications and a dashboard on one server.

Usage: npm run demo -- [options]

  --port <number>       port to listen on, 0 for any free one (default 3000)
  --host <name>         address to listen on (default 127.0.0.1, this machine only)
  --layer <name>        memory: all in this process (default);
                        postgres: shared by all servers on one PostgreSQL
  --database-url <url>  postgres://user:password@host:5432/database, for --layer postgres;
                        default: the environment's DATABASE_URL, which no process list shows
  --help                show this

Two servers with a PostgreSQL of their own: npm run demo:cluster
`

/** What the command line asks for. */
export type Request<T = DemoOptions> =
  | { readonly kind: 'start'; readonly options: T }
  | { readonly kind: 'help' }
  | { readonly kind: 'mistake'; readonly message: string }

/** Reads the arguments, without the program's name. */
export function readArguments(
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Request {
  return reading(() => {
    const values = parseOptions(args, {
      port: { type: 'string', default: '3000' },
      host: { type: 'string', default: '127.0.0.1' },
      layer: { type: 'string', default: 'memory' },
      'database-url': { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    })
    if (values.help) return { kind: 'help' }
    const options = { port: readPort(values.port), host: readHost(values.host) }
    const databaseUrl = readDatabase(values.layer, values['database-url'], env.DATABASE_URL)
    return { kind: 'start', options: databaseUrl ? { ...options, databaseUrl } : options }
  })
}

/** Turns a `Mistake` into an answer. */
export function reading<T>(read: () => Request<T>): Request<T> {
  try {
    return read()
  } catch (error) {
    if (error instanceof Mistake) return { kind: 'mistake', message: error.message }
    throw error
  }
}

function readDatabase(
  layer: string,
  url: string | undefined,
  fallback: string | undefined,
): string | undefined {
  if (layer !== 'memory' && layer !== 'postgres') {
    throw new Mistake(`--layer must be memory or postgres${got(layer)}.`)
  }
  if (layer === 'memory') {
    if (url === undefined) return undefined
    throw new Mistake('--database-url needs --layer postgres as well.')
  }
  if (url?.trim() === '') throw new Mistake('--database-url must not be empty.')
  const databaseUrl = url ?? fallback
  if (databaseUrl) return databaseUrl
  throw new Mistake(
    '--layer postgres needs a database: --database-url postgres://user:password@host:5432/database, ' +
      'or the same in DATABASE_URL.',
  )
}

/** What a person sees when the server is up. */
export function greeting(url: string, { host, databaseUrl }: DemoOptions): string {
  return [
    '',
    '  Chan demo is running. Open two windows and watch them talk:',
    '',
    `    Chat           ${url}/chat/`,
    `    Notifications  ${url}/notifications/`,
    `    Dashboard      ${url}/dashboard/`,
    '',
    ...(databaseUrl ? ['  Every other server on the same database shares its channels.', ''] : []),
    ...warnings(host),
    '  Press Ctrl-C to stop.',
    '',
  ].join('\n')
}

/** What is said about a server that more than this machine can reach. */
export function warnings(host: string): string[] {
  const open = host === '0.0.0.0' || host === '::'
  return open ? ['  Anybody who reaches this machine can use it: the demo has no login.', ''] : []
}

/** Why the server did not start, and what to do about it. `command` is what was typed. */
export function startFailure(
  error: unknown,
  { port, host }: DemoOptions,
  command = 'npm run demo',
): string {
  const { code, message } = error as NodeJS.ErrnoException
  // Its texts never hold the database's password.
  if (isChanError(error)) return `The demo could not start. ${error.message}\n${error.hint}`
  switch (code) {
    case 'EADDRINUSE': {
      const other = port < 65_535 ? port + 1 : port - 1
      return `Port ${port} on ${host} is already in use. Try another: ${command} -- --port ${other}`
    }
    case 'EACCES':
      return `Port ${port} needs more rights than you have. Try one above 1023, with --port.`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `This machine has no address '${host}'. Leave --host out for 127.0.0.1.`
    default:
      return `The demo could not start: ${message ?? String(error)}`
  }
}
