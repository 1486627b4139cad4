// The command line in words: options, usage, and what is said at the start.

import { got, Mistake, parseOptions, readHost, readPort } from './arguments.js'
import type { Demo, DemoOptions } from './server.js'

export const usage = `Chan demo: chat, notifications and a dashboard on one server.

Usage: npm run demo -- [options]

  --port <number>         port to listen on, 0 for any free one (default 3000)
  --host <name>           address to listen on (default 127.0.0.1, this machine only)
  --layer <name>          memory: all in this process (default);
                          postgres: shared by all servers on one PostgreSQL
  --database-url <url>    postgres://user:password@host:5432/database, for --layer postgres;
                          default: the environment's DATABASE_URL, which no process list shows
  --adapter <name>        ws: sockets on the port of the pages (default);
                          uws: on a port of their own, by uWebSockets.js
  --socket-port <number>  that port, 0 for any free one, for --adapter uws;
                          default: 1000 above --port, any free one with --port 0
  --help                  show this

Two servers with a PostgreSQL of their own: npm run demo:cluster
`

/** How far above the port of the pages that of the sockets is, unless it is chosen. */
const SOCKETS_ABOVE = 1000

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
      adapter: { type: 'string', default: 'ws' },
      'socket-port': { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    })
    if (values.help) return { kind: 'help' }
    const port = readPort('--port', values.port)
    const options = {
      port,
      host: readHost(values.host),
      ...readDatabase(values.layer, values['database-url'], env.DATABASE_URL),
      ...readAdapter(values.adapter, port, values['socket-port']),
    }
    return { kind: 'start', options }
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
): Pick<DemoOptions, 'databaseUrl'> {
  if (layer !== 'memory' && layer !== 'postgres') {
    throw new Mistake(`--layer must be memory or postgres${got(layer)}.`)
  }
  if (layer === 'memory') {
    if (url === undefined) return {}
    throw new Mistake('--database-url needs --layer postgres as well.')
  }
  if (url?.trim() === '') throw new Mistake('--database-url must not be empty.')
  const databaseUrl = url ?? fallback
  if (databaseUrl) return { databaseUrl }
  throw new Mistake(
    '--layer postgres needs a database: --database-url postgres://user:password@host:5432/database, ' +
      'or the same in DATABASE_URL.',
  )
}

function readAdapter(
  adapter: string,
  port: number,
  socketPort: string | undefined,
): Pick<DemoOptions, 'uwsPort'> {
  if (adapter !== 'ws' && adapter !== 'uws') {
    throw new Mistake(`--adapter must be ws or uws${got(adapter)}.`)
  }
  if (adapter === 'ws') {
    if (socketPort === undefined) return {}
    throw new Mistake('--socket-port needs --adapter uws as well.')
  }
  if (socketPort === undefined) return { uwsPort: socketPortFor(port) }
  const uwsPort = readPort('--socket-port', socketPort)
  if (uwsPort === 0 || uwsPort !== port) return { uwsPort }
  throw new Mistake('--socket-port must be another port than --port.')
}

function socketPortFor(port: number): number {
  if (port === 0) return 0
  if (port + SOCKETS_ABOVE <= 65_535) return port + SOCKETS_ABOVE
  throw new Mistake(
    `There is no port ${SOCKETS_ABOVE} above ${port}: choose one with --socket-port.`,
  )
}

/** What a person sees when the server is up. */
export function greeting(
  { url, socketUrl }: Pick<Demo, 'url' | 'socketUrl'>,
  { host, databaseUrl, uwsPort }: DemoOptions,
): string {
  const adapter = uwsPort === undefined ? 'ws (--adapter ws)' : 'uWebSockets.js (--adapter uws)'
  return [
    '',
    '  Chan demo is running. Open two windows and watch them talk:',
    '',
    `    Chat           ${url}/chat/`,
    `    Notifications  ${url}/notifications/`,
    `    Dashboard      ${url}/dashboard/`,
    '',
    `  Sockets are on ${socketUrl}, by ${adapter}.`,
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
