// S7: a refusal as a whole HTTP response, on a socket that Node's HTTP server has let go of.

import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

/** Answers and closes. */
export function respond(socket: Duplex, { status, text }: { status: number; text: string }): void {
  if (!socket.writable) return void socket.destroy()
  const body = Buffer.from(text)
  // An answered peer may have gone already; that is no error of ours.
  socket.on('error', () => {})
  // Its writing half may stay open for ever otherwise.
  socket.once('finish', () => socket.destroy())
  socket.end(
    Buffer.concat([
      Buffer.from(
        `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}\r\n` +
          'Connection: close\r\n' +
          'Content-Type: text/plain; charset=utf-8\r\n' +
          `Content-Length: ${body.length}\r\n\r\n`,
      ),
      body,
    ]),
  )
}
