// Ports for tests that have to name one: nobody listened on them a moment ago.

import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

/** So many different ports of 127.0.0.1. */
export async function freePorts(count: number): Promise<number[]> {
  // All open at once, so that none is found twice.
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}
