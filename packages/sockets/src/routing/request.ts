// What users see of the upgrade request.

import type { UpgradeRequest } from '../port/port.js'
import { parseProtocols } from './protocols.js'

/** The upgrade request of a socket: a plain snapshot, valid as long as you keep it. */
export interface SocketRequest<Params = Readonly<Record<string, string>>, Context = unknown> {
  /** The path as received: percent-encoded, without the query. */
  readonly path: string
  /** Decoded values of the route's `:name` segments. */
  readonly params: Params
  readonly query: URLSearchParams
  /** Lower-case names; repeated headers joined as HTTP has them. */
  readonly headers: Readonly<Record<string, string>>
  /** Decoded cookies; the first of a name counts. */
  readonly cookies: Readonly<Record<string, string>>
  /** The peer's address. Behind a proxy: the proxy's; read its headers where you trust it. */
  readonly remoteAddress: string
  /** The subprotocols that the peer offers, in its order; none where the header is no such list. */
  readonly protocols: readonly string[]
  /** The one that `admit` accepted, and the peer was answered. */
  readonly protocol: string | undefined
  /** What `admit` returned, or accepted with. */
  readonly context: Context
}

/** The `:name` segments of a route's path, as an object type. */
export type PathParams<Path extends string> = string extends Path
  ? Readonly<Record<string, string>>
  : Path extends `${string}/:${infer Name}/${infer Rest}`
    ? { readonly [K in Name]: string } & PathParams<`/${Rest}`>
    : Path extends `${string}/:${infer Name}`
      ? { readonly [K in Name]: string }
      : unknown

/** The request as `admit` sees it. */
export function socketRequest(
  upgrade: UpgradeRequest,
  params: Readonly<Record<string, string>>,
): SocketRequest<Readonly<Record<string, string>>, undefined> {
  const { url, headers, remoteAddress } = upgrade
  const query = url.indexOf('?')
  return {
    path: query < 0 ? url : url.slice(0, query),
    params,
    query: new URLSearchParams(query < 0 ? '' : url.slice(query + 1)),
    headers,
    cookies: parseCookies(headers.cookie),
    remoteAddress,
    protocols: parseProtocols(headers['sec-websocket-protocol']),
    protocol: undefined,
    context: undefined,
  }
}

/** Never throws: browsers send what any page of the domain has set. */
export function parseCookies(header: string | undefined): Readonly<Record<string, string>> {
  const cookies: Record<string, string> = Object.create(null)
  for (const pair of header?.split(';') ?? []) {
    const equals = pair.indexOf('=')
    if (equals < 0) continue
    const name = pair.slice(0, equals).trim()
    if (name === '' || name in cookies) continue
    cookies[name] = cookieValue(pair.slice(equals + 1).trim())
  }
  return cookies
}

function cookieValue(raw: string): string {
  const text = raw.startsWith('"') && raw.endsWith('"') && raw.length > 1 ? raw.slice(1, -1) : raw
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
