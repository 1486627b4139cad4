// How many sockets this machine lets one process have open to one port.

import { readFileSync } from 'node:fs'

/** For Node itself, and what a process has besides its sockets. */
const RESERVED_FILES = 500
/** For whoever else uses the machine, and for connections that linger after their end. */
const RESERVED_PORTS = 2_000
/** Where the machine does not tell: macOS has 16,384 ports for connections. */
const ELSEWHERE = 14_000

export function mostSockets(): number {
  if (process.platform !== 'linux') return ELSEWHERE
  return Math.min(openFiles() - RESERVED_FILES, ports() - RESERVED_PORTS)
}

/** Node raises the soft limit to the hard one when it starts. */
function openFiles(): number {
  const limits = readFileSync('/proc/self/limits', 'latin1')
  return Number(/^Max open files\s+\S+\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY)
}

/** Each connection to a port of the same address needs one at its other end. */
function ports(): number {
  const [first = 0, last = 0] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1')
    .split(/\s+/)
    .map(Number)
  return last - first
}
