// The origins that the pages may have in a browser: every name and address that leads to them.

import type { AddressInfo } from 'node:net'
import { hostname, networkInterfaces } from 'node:os'

const LOOPBACK = ['127.0.0.1', 'localhost', '::1']

/** Of pages that were told to listen on the host, and do so at the address. */
export function pageOrigins(host: string, { address, port }: AddressInfo): string[] {
  const everywhere = address === '0.0.0.0' || address === '::'
  const names = [...LOOPBACK, host, address, ...(everywhere ? ofThisMachine() : [])]
  const origins = names.map((name) => `http://${name.includes(':') ? `[${name}]` : name}:${port}`)
  // What is no address of a web page does not lead here either.
  return [...new Set(origins)].filter((origin) => URL.canParse(origin))
}

/** As of now: a network that it joins later is not among them. */
function ofThisMachine(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  // Browsers have no way to write an address that is valid on one link only.
  const usable = addresses.filter((each) => each.family === 'IPv4' || each.scopeid === 0)
  return [hostname(), ...usable.map(({ address }) => address)]
}
