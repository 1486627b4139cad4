// What the kernel holds for sockets that nobody reads from: the first megabytes of each, which are no
// memory of the server's.

import { readFileSync } from 'node:fs'

const PAGE = 4096
/** What is kept for a segment is larger than what is in it. */
const OVERHEAD = 1.1

/** → bytes that TCP has now; undefined where the machine does not tell. */
export function kernelMemory(): number | undefined {
  const found = /^TCP:.* mem (\d+)/m.exec(read('/proc/net/sockstat'))
  return found ? Number(found[1]) * PAGE : undefined
}

/**
 * → how many connections of this machine with itself may stall before TCP is short of memory, which
 * whoever is well would feel, the database too; undefined where the machine does not tell.
 */
export function mostStalled(): number | undefined {
  const [, pressure] = numbersIn('/proc/sys/net/ipv4/tcp_mem')
  // As much as may wait to be sent, and what a reader has before it read at all.
  const [, , mostSent] = numbersIn('/proc/sys/net/ipv4/tcp_wmem')
  const [, received] = numbersIn('/proc/sys/net/ipv4/tcp_rmem')
  if (!pressure || !mostSent || !received) return undefined
  const free = pressure * PAGE - (kernelMemory() ?? 0)
  return Math.max(1, Math.floor(free / ((mostSent + received) * OVERHEAD)))
}

function numbersIn(path: string): number[] {
  return read(path).split(/\s+/).map(Number)
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
