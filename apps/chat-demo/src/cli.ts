// The command line in words: options, usage, what is said at the start and when it fails.

import { parseArgs } from 'node:util'
import type { DemoOptions } from './server.js'

export const usage = `Chan demo: chat, notifications and a dashboard on one server.

Usage: npm run demo -- [options]

  --port <number>  port to listen on, 0 for any free one (default 3000)
  --host <name>    address to listen on (default 127.0.0.1, this machine only)
  --help           show this
`

/** What the command line asks for. */
export type Request =
  | { readonly kind: 'start'; readonly options: DemoOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'mistake'; readonly message: string }

/** Reads the arguments, without the program's name. */
export function readArguments(args: readonly string[]): Request {
  // Some package managers pass on the `--` that separates their own options.
  const own = args[0] === '--' ? args.slice(1) : [...args]
  try {
    const { values } = parseArgs({
      args: own,
      options: {
        port: { type: 'string', default: '3000' },
        host: { type: 'string', default: '127.0.0.1' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    if (values.help) return { kind: 'help' }
    const port = Number(values.port)
    if (!/^\d+$/.test(values.port) || port > 65_535) {
      return mistake(`--port must be a number from 0 to 65535, got '${values.port}'.`)
    }
    if (values.host.trim() === '') return mistake('--host must not be empty.')
    return { kind: 'start', options: { port, host: values.host } }
  } catch (error) {
    return mistake(error instanceof Error ? error.message : String(error))
  }
}

/** What a person sees when the server is up. */
export function greeting(url: string, { host }: DemoOptions): string {
  const open = host === '0.0.0.0' || host === '::'
  return [
    '',
    '  Chan demo is running. Open two windows and watch them talk:',
    '',
    `    Chat           ${url}/chat/`,
    `    Notifications  ${url}/notifications/`,
    `    Dashboard      ${url}/dashboard/`,
    '',
    ...(open ? ['  Anybody who reaches this machine can use it: the demo has no login.', ''] : []),
    '  Press Ctrl-C to stop.',
    '',
  ].join('\n')
}

/** Why the server did not start, and what to do about it. */
export function startFailure(error: unknown, { port, host }: DemoOptions): string {
  const { code, message } = error as NodeJS.ErrnoException
  switch (code) {
    case 'EADDRINUSE': {
      const other = port < 65_535 ? port + 1 : port - 1
      return `Port ${port} on ${host} is already in use. Try another: npm run demo -- --port ${other}`
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

function mistake(message: string): Request {
  return { kind: 'mistake', message }
}
