// What npm installed is made to run, also where scripts are off or folders closed.
import { chmod, cp, lstat, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { run, serverAccount } from '../src/postgres/account.js'
import { findInstallation, prepareBinaries } from '../src/postgres/binaries.js'

const isRoot = process.getuid?.() === 0
let base: string
let target: string

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'chan-testkit-'))
  target = join(base, 'target')
  await mkdir(target)
  await chmod(base, 0o711)
})
afterEach(() => rm(base, { recursive: true }))

/** The package as a tarball holds it: without the links that its script makes. */
async function withoutLinks(folder: string): Promise<string> {
  await cp(findInstallation(18), folder, { recursive: true, verbatimSymlinks: true })
  const names = await readdir(join(folder, 'native'), { recursive: true })
  for (const name of names) {
    const path = join(folder, 'native', name)
    if ((await lstat(path)).isSymbolicLink()) await rm(path)
  }
  return folder
}

test('makes the links that an install without scripts left out', async () => {
  const folder = await withoutLinks(join(base, 'package'))
  const { postgres, initdb } = await prepareBinaries(folder, serverAccount(), target)
  expect(postgres.startsWith(folder)).toBe(true)
  expect((await run(initdb, ['--version'], serverAccount(), target)).output).toContain('18.')
  expect(await readdir(target)).toEqual([])
})

test.skipIf(!isRoot)('copies what the account of the server cannot reach', async () => {
  const closed = join(base, 'closed')
  await mkdir(closed, { mode: 0o700 })
  const folder = await withoutLinks(join(closed, 'package'))
  const { postgres } = await prepareBinaries(folder, serverAccount(), target)
  expect(postgres.startsWith(target)).toBe(true)
})

test('says what the system says where it cannot run', async () => {
  const folder = join(base, 'package')
  await mkdir(join(folder, 'native/bin'), { recursive: true })
  await expect(prepareBinaries(folder, serverAccount(), target)).rejects.toThrow(
    /does not run on this system: .*ENOENT/,
  )
})
