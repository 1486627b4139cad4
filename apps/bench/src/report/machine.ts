// Where the numbers come from.
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os'
import type { Row } from '../bench.js'

export function machineFacts(): Row {
  const processors = cpus()
  return {
    machine: `${processors.length} × ${processors[0]?.model.trim() ?? 'unknown processor'}`,
    memory: `${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
    system: `${platform()} ${release()} ${arch()}`,
    node: process.version,
    'load before': loadavg()[0] ?? 0,
  }
}
