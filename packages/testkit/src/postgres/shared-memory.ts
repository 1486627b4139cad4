// A killed server leaves a System V segment of 56 bytes, by which its successor would have noticed
// processes that live on. Without a successor nobody would free it.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Line 7 of `postmaster.pid`: key and id. The file is gone after a clean stop. */
export function releaseSharedMemory(data: string): void {
  if (process.platform === 'win32') return
  try {
    const line = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[6] ?? ''
    const id = line.trim().split(/\s+/)[1]
    if (id) spawnSync('ipcrm', ['-m', id], { stdio: 'ignore' })
  } catch {
    // No file, nothing left behind.
  }
}
