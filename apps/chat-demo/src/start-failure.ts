// Why the server did not start, in words for people.

import { isChanError } from '@chan/core'
import type { DemoOptions } from './server.js'
import { UwsUnavailable } from './uws-module.js'

/** The reason, and what to do about it. `command` is what was typed. */
export function startFailure(
  error: unknown,
  { port, host, uwsPort }: DemoOptions,
  command = 'npm run demo',
): string {
  // Their texts never hold the database's password.
  if (isChanError(error) || error instanceof UwsUnavailable) {
    return `The demo could not start. ${error.message}\n${error.hint}`
  }
  const { code, message, port: failed = port } = error as NodeJS.ErrnoException & { port?: number }
  const ofSockets = failed === uwsPort && failed !== port
  const option = ofSockets ? '--socket-port' : '--port'
  switch (code) {
    case 'EADDRINUSE': {
      const typed = ofSockets ? `${command} -- --adapter uws` : `${command} --`
      const other = neighbour(failed, ofSockets ? port : uwsPort)
      return `Port ${failed} on ${host} is already in use. Try another: ${typed} ${option} ${other}`
    }
    case 'EACCES':
      return `Port ${failed} needs more rights than you have. Try one above 1023, with ${option}.`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `This machine has no address '${host}'. Leave --host out for 127.0.0.1.`
    default:
      return `The demo could not start: ${message ?? String(error)}`
  }
}

/** A port near this one that is not the other one either. */
function neighbour(port: number, other: number | undefined): number | undefined {
  return [port + 1, port - 1, port - 2].find((near) => near <= 65_535 && near !== other)
}
