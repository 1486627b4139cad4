// CPU time of other processes, from /proc: Linux only, undefined elsewhere.
import { readdirSync, readFileSync } from 'node:fs'

/** What /proc counts in, on every Linux that Node runs on. */
const TICK_MICROS = 10_000

interface Stat {
  readonly parent: number
  readonly ticks: number
}

/**
 * Microseconds that a process and everybody under it have used so far, the dead children that it has
 * buried included.
 */
export function cpuOfTree(root: number | undefined): number | undefined {
  if (root === undefined || process.platform !== 'linux') return
  const stats = new Map<number, Stat>()
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? readStat(name) : undefined
    if (stat) stats.set(Number(name), stat)
  }
  let ticks = 0
  for (const pid of stats.keys()) if (isUnder(pid, root, stats)) ticks += stats.get(pid)?.ticks ?? 0
  return ticks * TICK_MICROS
}

/** Microseconds that all processors together were busy since the machine started. */
export function cpuOfMachine(): number | undefined {
  if (process.platform !== 'linux') return
  const [line = ''] = readFileSync('/proc/stat', 'latin1').split('\n')
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line
    .split(/\s+/)
    .slice(1)
    .map(Number)
  return (user + nice + system + irq + softirq) * TICK_MICROS
}

function isUnder(pid: number, root: number, stats: ReadonlyMap<number, Stat>): boolean {
  for (let at: number | undefined = pid; at; at = stats.get(at)?.parent) {
    if (at === root) return true
  }
  return false
}

/** The name in the middle may hold blanks and brackets: fields count from the last bracket. */
function readStat(pid: string): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
    // user, system, and the same of buried children
    const ticks = [11, 12, 13, 14].reduce((sum, field) => sum + (fields[field] ?? 0), 0)
    return { parent: fields[1] ?? 0, ticks }
  } catch {
    return
  }
}
