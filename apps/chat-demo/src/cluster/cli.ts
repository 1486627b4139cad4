// The command line of the cluster in words.

import { parseOptions, readHost, readPort } from '../arguments.js'
import { type Request, reading, warnings } from '../cli.js'
import type { RunningServer } from './cluster.js'

export const CLUSTER_COMMAND = 'npm run demo:cluster'

export const usage = `Chan demo, twice: two servers that share a PostgreSQL, which comes along.

Usage: ${CLUSTER_COMMAND} -- [options]

  --port <number>  port of the first server; the second takes the next one (default 3000).
                   0 takes any free ones
  --host <name>    address to listen on (default 127.0.0.1, this machine only)
  --help           show this

All data are gone when it stops.
`

export interface ClusterPlace {
  readonly ports: readonly number[]
  readonly host: string
}

/** Reads the arguments, without the program's name. */
export function readClusterArguments(args: readonly string[]): Request<ClusterPlace> {
  return reading(() => {
    const values = parseOptions(args, {
      port: { type: 'string', default: '3000' },
      host: { type: 'string', default: '127.0.0.1' },
      help: { type: 'boolean', short: 'h', default: false },
    })
    if (values.help) return { kind: 'help' }
    const port = readPort('--port', values.port, 65_534)
    const ports = [port, port === 0 ? 0 : port + 1]
    return { kind: 'start', options: { ports, host: readHost(values.host) } }
  })
}

/** What a person sees when all servers are up. */
export function greeting(servers: readonly RunningServer[], host: string): string {
  const victim = servers.at(-1)?.pid
  return [
    '',
    '  Two servers share one PostgreSQL. Open a window on each and watch them talk:',
    '',
    ...servers.flatMap(({ url, pid }, index) => [
      `    Server ${index + 1}, process ${pid}`,
      `      Chat           ${url}/chat/`,
      `      Notifications  ${url}/notifications/`,
      `      Dashboard      ${url}/dashboard/`,
    ]),
    '',
    `  End one of them (kill -9 ${victim}): the other goes on, and its users leave.`,
    '',
    ...warnings(host),
    '  Press Ctrl-C to stop.',
    '',
  ].join('\n')
}
