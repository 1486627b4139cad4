// Requests that offer another protocol than WebSocket, such as `Upgrade: h2c`. Whoever does not speak it
// ignores the offer (RFC 9110, 7.8), and so does Node's HTTP server, unless somebody listens for upgrades:
// then it lets go of the connection. Here it gets it back, with the request as if nothing was offered.

import { Buffer } from 'node:buffer'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { respond } from './refusal-response.js'

/** The server, as far as it takes connections. */
export interface ConnectionServer {
  emit(event: 'connection' | 'secureConnection', socket: Duplex): unknown
  // biome-ignore lint/complexity/noBannedTypes: as Node declares it
  listeners(event: 'secureConnection'): readonly Function[]
  maxHeadersCount?: number | null
}

/** What Node keeps of a request's headers, if the server does not say; 0 is without limit. */
const MOST_HEADERS = 1000

/**
 * Those that were given back once. The next such request is the last: everything that listens to new
 * connections adds its listeners each time.
 */
const givenBack = new WeakSet<Duplex>()

/** @internal Whether WebSocket is among what is offered. */
export function offersWebSocket({ headers }: IncomingMessage): boolean {
  return /(?:^|,)[ \t]*websocket[ \t]*(?:$|[,/])/i.test(headers.upgrade ?? '')
}

/** @internal Has the server answer a request as if it offered nothing; one with a body is a 501. */
export function declineUpgrade(
  server: ConnectionServer,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  // Node has stopped listening: an error that nobody hears ends the process.
  const ignore = () => {}
  socket.on('error', ignore)
  whenAnswered(socket, () => {
    if (socket.destroyed || !socket.writable) return void socket.destroy()
    if (isBeyondUs(server, request)) {
      respond(socket, { status: 501, text: 'This protocol is not spoken here' })
      socket.resume()
      return
    }
    socket.off('error', ignore)
    // Of the request before, which may just have been answered.
    request.socket.setTimeout(0)
    socket.unshift(Buffer.concat([plainHead(request, givenBack.has(socket)), head]))
    givenBack.add(socket)
    // As Node documents: a connection may be injected.
    const isSecure = 'encrypted' in socket && server.listeners('secureConnection').length > 0
    server.emit(isSecure ? 'secureConnection' : 'connection', socket)
  })
}

/** Requests that came before on the same connection are answered before. */
function whenAnswered(socket: Duplex & { _httpMessage?: ServerResponse | null }, then: () => void) {
  const pending = socket._httpMessage
  if (!pending || socket.destroyed) return then()
  // That, too, Node has stopped to tell.
  const drained = () => pending.emit('drain')
  socket.on('drain', drained)
  pending.once('close', () => {
    socket.off('drain', drained)
    whenAnswered(socket, then)
  })
}

/** It has a body, or may have one: Node drops headers above its limit, and what they say. */
function isBeyondUs(server: ConnectionServer, { headers, rawHeaders }: IncomingMessage): boolean {
  if (headers['transfer-encoding'] !== undefined) return true
  if (Number(headers['content-length'] ?? 0) !== 0) return true
  const most = server.maxHeadersCount ?? MOST_HEADERS
  return most > 0 && rawHeaders.length >= 2 * most
}

/** The request as it came, but that its connection is not to be upgraded. */
function plainHead(request: IncomingMessage, isLast: boolean): Buffer {
  const { method, url, httpVersion, rawHeaders } = request
  let text = `${method} ${url} HTTP/${httpVersion}\r\n`
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = [rawHeaders[i], rawHeaders[i + 1]]
    text += `${name}: ${/^connection$/i.test(name) ? withoutUpgrade(value) : value}\r\n`
  }
  return Buffer.from(`${text}${isLast ? 'Connection: close\r\n' : ''}\r\n`, 'latin1')
}

/** The options of a `Connection` header that are left. */
function withoutUpgrade(value: string): string {
  const options = value.split(',').map((option) => option.trim())
  return options.filter((option) => option.toLowerCase() !== 'upgrade').join(', ')
}
