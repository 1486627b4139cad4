// S1: the upgrade request as a plain snapshot.

import type { UpgradeRequest } from '@chan/sockets'
import { addressText } from './address-text.js'
import type { UwsRequest, UwsResponse } from './app.js'

/** Of these, Node's HTTP server keeps the first where a request has several. */
const SINGLE = new Set(['authorization', 'host', 'referer', 'user-agent'])

/** @internal */
export function upgradeRequest(
  response: UwsResponse,
  request: UwsRequest,
  secure: boolean,
): UpgradeRequest {
  const query = request.getQuery()
  // Without a prototype, so that no name means anything.
  const headers: Record<string, string> = Object.create(null)
  request.forEach((name, value) => {
    const before = headers[name]
    if (before === undefined) headers[name] = value
    else if (!SINGLE.has(name))
      headers[name] = `${before}${name === 'cookie' ? '; ' : ', '}${value}`
  })
  return {
    url: query ? `${request.getUrl()}?${query}` : request.getUrl(),
    headers,
    remoteAddress: addressText(new Uint8Array(response.getRemoteAddress())),
    secure,
  }
}
