// The folder that a server lives in: made for the account it runs as, guarded, removed at the end.
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Guard } from '../processes/guard.js'
import { type Account, giveTo, run, serverAccount } from './account.js'
import {
  type Binaries,
  findInstallation,
  type PostgresVersion,
  prepareBinaries,
} from './binaries.js'

export interface DataFolder {
  /** A temporary folder: the server's log, and its data unless these are the caller's. */
  readonly base: string
  readonly data: string
  /** The data lie in `base` and go with it. */
  readonly isOwn: boolean
  readonly account: Account
  readonly binaries: Binaries
  readonly guard: Guard
  remove(): Promise<void>
}

/** Makes the folder, with nothing in it yet. `dataDir` is the caller's and outlives it. */
export async function createDataFolder(
  version: PostgresVersion,
  dataDir?: string,
): Promise<DataFolder> {
  const account = serverAccount()
  const base = await mkdtemp(join(tmpdir(), 'chan-postgres-'))
  const guard = new Guard('QUIT', base)
  const remove = async () => {
    // A backend that dies with the server may write a last file while we look.
    await rm(base, { recursive: true, force: true, maxRetries: 5 })
    guard.release()
  }
  try {
    if (account.uid !== undefined) await chmod(base, 0o711)
    const binaries = await prepareBinaries(findInstallation(version), account, base)
    const data = dataDir ?? join(base, 'data')
    await mkdir(data, { recursive: true, mode: 0o700 })
    await giveTo(account, data)
    return { base, data, isOwn: dataDir === undefined, account, binaries, guard, remove }
  } catch (error) {
    await remove()
    throw error
  }
}

/** Runs initdb, unless the folder holds a cluster. Takes over a second. */
export async function initialize({ base, data, account, binaries, guard }: DataFolder) {
  if (existsSync(join(data, 'PG_VERSION'))) return
  const args = [
    '-D',
    data,
    '-U',
    'postgres',
    '-A',
    'trust',
    '-E',
    'UTF8',
    '--locale=C',
    '--no-sync',
  ]
  const watch = (pid: number) => guard.watch(pid)
  const { status, output } = await run(binaries.initdb, args, account, base, watch)
  guard.watch(undefined)
  if (status !== 0) throw new Error(`initdb in ${data} failed (${status}): ${output.trim()}`)
}
