// S1: the upgrade request as a plain snapshot.

import type { IncomingMessage } from 'node:http'
import type { UpgradeRequest } from '@chan/sockets'

/** @internal */
export function upgradeRequest(request: IncomingMessage): UpgradeRequest {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return {
    url: request.url ?? '/',
    headers,
    remoteAddress: request.socket.remoteAddress ?? '',
    secure: 'encrypted' in request.socket && request.socket.encrypted === true,
  }
}
