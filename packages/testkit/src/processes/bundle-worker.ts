// Makes one JavaScript file of a TypeScript entry and all that it imports from this repository, so
// that a bare Node can run it. What comes from npm stays outside.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Plugin } from 'esbuild'

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/workers', import.meta.url))
const STALE_MS = 24 * 60 * 60 * 1000

const bundles = new Map<string, Promise<string>>()

/** → the path of the bundle. Bundled once per test file, however often it is started. */
export function bundleWorker(entry: string): Promise<string> {
  const made = bundles.get(entry) ?? bundle(entry)
  bundles.set(entry, made)
  return made
}

async function bundle(entry: string): Promise<string> {
  // Loaded late, so that tests without workers do not pay for it.
  const { build } = await import('esbuild')
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@chan/source'],
    sourcemap: 'inline',
    logLevel: 'silent',
    plugins: [leaveNpmOutside, keepModuleAddresses],
  })
  const code = outputFiles[0]?.contents ?? new Uint8Array()
  // Named by its content: processes that bundle the same at once write the same file.
  const file = join(CACHE, `${createHash('sha256').update(code).digest('hex').slice(0, 32)}.mjs`)
  if (existsSync(file)) return file
  await mkdir(CACHE, { recursive: true })
  await removeStale()
  const draft = `${file}.${process.pid}`
  await writeFile(draft, code)
  await rename(draft, file)
  return file
}

/** By their addresses, as the importing package sees them: it may have its own version. */
const leaveNpmOutside: Plugin = {
  name: 'leave-npm-outside',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^[^./]/ }, async ({ path, kind, resolveDir, pluginData }) => {
      if (pluginData === 'resolved here' || path.startsWith('node:')) return
      if (kind === 'entry-point' || path.startsWith('@chan/')) return
      const found = await resolve(path, { kind, resolveDir, pluginData: 'resolved here' })
      if (found.errors.length > 0 || found.external) return found
      return { path: pathToFileURL(found.path).href, external: true }
    })
  },
}

/** `new URL('x.sql', import.meta.url)` must find the file beside the source. */
const keepModuleAddresses: Plugin = {
  name: 'keep-module-addresses',
  setup({ onLoad }) {
    onLoad({ filter: /\.m?ts$/ }, async ({ path }) => ({
      loader: 'ts',
      contents: (await readFile(path, 'utf8')).replaceAll(
        'import.meta.url',
        JSON.stringify(pathToFileURL(path).href),
      ),
    }))
  },
}

async function removeStale(): Promise<void> {
  for (const name of await readdir(CACHE)) {
    const file = join(CACHE, name)
    const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: Date.now() }))
    if (Date.now() - mtimeMs > STALE_MS) await rm(file, { force: true })
  }
}
