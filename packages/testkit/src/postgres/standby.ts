// A physical standby, made while its primary works. npm's package holds no pg_basebackup: the files
// are copied between pg_backup_start() and pg_backup_stop(), and the WAL since then is streamed.
import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Account, giveTo } from './account.js'
import { createDataFolder } from './data-folder.js'
import { withClient } from './run-sql.js'
import { PostgresServer } from './server.js'
import type { Settings } from './settings.js'
import { startOnFreePort } from './start-postgres.js'

export interface StandbyOptions {
  /** Where it reaches its primary, on 127.0.0.1: the port of a proxy, to make it lag. */
  readonly primaryPort?: number
  /** Over the primary's settings. */
  readonly settings?: Settings
}

/** Left out with their contents, but there as folders: what a base backup leaves to the standby. */
const EMPTIED = new Set([
  'pg_dynshmem',
  'pg_notify',
  'pg_replslot',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
  'pg_wal',
])
const LEFT_OUT = /^(postmaster\.(pid|opts)|.*\.signal|pgsql_tmp.*|pg_internal\.init.*|pg_control)$/

/**
 * Copies a running server and starts the copy as its standby, which answers reads. `promote()` makes
 * it a primary; the old one is not told. It holds a replication slot, so it may lag without end.
 */
export async function createStandby(
  primary: PostgresServer,
  { primaryPort = primary.port, settings = {} }: StandbyOptions = {},
): Promise<PostgresServer> {
  if (primary.version < 15) throw new Error('createStandby needs PostgreSQL 15 or newer')
  const folder = await createDataFolder(primary.version)
  const { data, account } = folder
  const slot = `standby_${folder.base.replaceAll(/[^a-zA-Z0-9]/g, '_').slice(-40)}`.toLowerCase()
  try {
    await withClient(primary.url, async (session) => {
      // From here on the primary keeps the WAL that the standby will ask for.
      await session.query('select pg_create_physical_replication_slot($1, true)', [slot])
      await session.query('select pg_backup_start($1, fast => true)', [slot])
      await copyCluster(primary.dataDir, data, account)
      const { rows } = await session.query(
        'select labelfile from pg_backup_stop(wait_for_archive => false)',
      )
      await write(join(data, 'backup_label'), rows[0].labelfile, account)
      await write(join(data, 'standby.signal'), '', account)
    })
    const upstream = {
      primary_conninfo: `host=127.0.0.1 port=${primaryPort} user=postgres`,
      primary_slot_name: slot,
    }
    return await startOnFreePort((port) => {
      const all = { ...primary.settings, ...upstream, ...settings }
      return new PostgresServer(primary.version, port, all, folder)
    })
  } catch (error) {
    await folder.remove()
    throw error
  }
}

/** pg_control comes last: it may not be older than what else was copied. */
async function copyCluster(from: string, to: string, account: Account): Promise<void> {
  await copyFolder(from, to, account)
  const archive = join(to, 'pg_wal/archive_status')
  await mkdir(archive, { mode: 0o700 })
  await giveTo(account, archive)
  await copyOne(join(from, 'global/pg_control'), join(to, 'global/pg_control'), account)
}

async function copyFolder(from: string, to: string, account: Account): Promise<void> {
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (LEFT_OUT.test(entry.name)) continue
    if (!entry.isDirectory()) await copyOne(source, target, account)
    else {
      await mkdir(target, { mode: 0o700 })
      await giveTo(account, target)
      if (!EMPTIED.has(entry.name)) await copyFolder(source, target, account)
    }
  }
}

/** A file may go while we copy, with a table that is dropped: the WAL knows about that. */
async function copyOne(source: string, target: string, account: Account): Promise<void> {
  try {
    await copyFile(source, target)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  await giveTo(account, target)
}

async function write(path: string, text: string, account: Account): Promise<void> {
  await writeFile(path, text, { mode: 0o600 })
  await giveTo(account, path)
}
