// The account that PostgreSQL runs as: it refuses root, so root runs it as "nobody", whom every
// system knows and who needs no entry in /etc/passwd.
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { chown } from 'node:fs/promises'

/** Empty for "as we are". */
export interface Account {
  readonly uid?: number
  readonly gid?: number
}

const NOBODY = 65534

export function serverAccount(): Account {
  return process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}
}

export async function giveTo({ uid, gid }: Account, path: string): Promise<void> {
  if (uid !== undefined && gid !== undefined) await chown(path, uid, gid)
}

/** Locale and time zone are fixed; Windows needs more of the environment to start anything. */
export function spawnAs(
  account: Account,
  program: string,
  args: readonly string[],
  options: SpawnOptions,
): ChildProcess {
  const env = { ...(process.platform === 'win32' && process.env), LC_ALL: 'C', TZ: 'UTC' }
  return spawn(program, [...args], { ...options, ...account, env, windowsHide: true })
}

/** Runs a program to its end. One that cannot be started answers with status -1 and the reason. */
export function run(
  program: string,
  args: readonly string[],
  account: Account,
  cwd: string,
  onStart?: (pid: number) => void,
): Promise<{ status: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawnAs(account, program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const take = (chunk: Buffer) => {
      output += chunk
    }
    child.stdout?.on('data', take)
    child.stderr?.on('data', take)
    if (child.pid) onStart?.(child.pid)
    child.once('error', (error) => resolve({ status: -1, output: error.message }))
    child.once('close', (code) => resolve({ status: code ?? -1, output }))
  })
}
