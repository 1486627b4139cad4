// Which pages may open sockets here. Browsers send cookies along with every WebSocket handshake and
// apply no same-origin rule to it: without this check any page could act as the visitor.

import { ChanError } from '@chan/protocol'
import type { UpgradeRequest } from '../port/port.js'

/** Who besides the server's own pages may connect. */
export interface OriginOptions {
  /**
   * Origins allowed besides the server's own, as browsers write them: `https://app.example.com`,
   * with the port where it is not the default one; `'*'` allows all. Default: none.
   */
  readonly origins?: readonly string[] | '*'
  /**
   * Compare with `X-Forwarded-Host` where it is present, instead of `Host`. Only behind a proxy that
   * sets it: clients can forge it. Default false.
   */
  readonly trustProxy?: boolean
}

/** Answers whether a request's origin may connect. */
export type OriginCheck = (request: UpgradeRequest) => boolean

/** @throws {ChanError} `invalid-option` for an entry that is no origin */
export function originCheck({ origins = [], trustProxy = false }: OriginOptions): OriginCheck {
  if (origins === '*') return () => true
  const allowed = new Set(origins.map(checkedOrigin))
  return ({ headers }) => {
    const { origin } = headers
    // Not a browser: it could claim any origin, so none tells nothing.
    if (origin === undefined) return true
    if (allowed.has(origin)) return true
    const url = parse(origin)
    if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return false
    if (allowed.has(url.origin)) return true
    const forwarded = trustProxy ? headers['x-forwarded-host']?.split(',')[0]?.trim() : undefined
    const host = forwarded ?? headers.host
    // Read with the origin's scheme, so that `:443` of a server behind TLS is no difference.
    return host !== undefined && parse(`${url.protocol}//${host}`)?.host === url.host
  }
}

/** Web origins in their normal form; others (`null`, `app://…`) as browsers write them. */
function checkedOrigin(entry: string): string {
  const url = parse(entry)
  if (entry === 'null' || (url && url.origin === 'null')) return entry
  if (url && url.href === `${url.origin}/`) return url.origin
  throw new ChanError(
    'invalid-option',
    `'${String(entry)}' in 'origins' is not an origin.`,
    "Write scheme and host as browsers do, for example 'https://app.example.com', or '*' for all.",
  )
}

function parse(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}
