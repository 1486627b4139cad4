// Unpacks @sparticuz/chromium into node_modules/.cache, once for all test processes. Its own
// executablePath() shares the temp folder, takes half-written files as good and leaves out the NSS
// libraries, hence this.
import { spawnSync } from 'node:child_process'
import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { createBrotliDecompress } from 'node:zlib'

export interface UnpackedChromium {
  readonly executablePath: string
  readonly env: Readonly<Record<string, string>>
}

const CACHE = fileURLToPath(new URL('../node_modules/.cache/chromium', import.meta.url))

const FONTS_CONF = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`

export async function unpackChromium(): Promise<UnpackedChromium> {
  const source = resolve(
    dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium')),
    '../..',
  )
  const { version } = JSON.parse(await readFile(join(source, 'package.json'), 'utf8'))
  const folder = join(CACHE, version)
  if (!existsSync(folder)) await unpack(join(source, 'bin'), folder)
  const executablePath = join(folder, 'chromium')
  return {
    executablePath,
    env: { FONTCONFIG_PATH: folder, ...librariesFor(executablePath, join(folder, 'lib')) },
  }
}

/** Fills a private folder, then renames it: whoever comes second throws its own copy away. */
async function unpack(bin: string, folder: string): Promise<void> {
  await mkdir(CACHE, { recursive: true })
  const draft = await mkdtemp(join(CACHE, 'unpacking-'))
  try {
    await Promise.all([
      decompress(join(bin, 'chromium.br'), join(draft, 'chromium')),
      ...['al2023', 'fonts', 'swiftshader'].map((name) => extract(bin, name, draft)),
    ])
    await chmod(join(draft, 'chromium'), 0o755)
    await writeFile(join(draft, 'fonts.conf'), FONTS_CONF)
    await chmod(draft, 0o755)
    await rename(draft, folder)
  } catch (error) {
    if (!existsSync(folder)) throw error
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

/** Through a file: a decompressor piped into tar ends early. */
async function extract(bin: string, name: string, folder: string): Promise<void> {
  const archive = join(folder, `${name}.tar`)
  await decompress(join(bin, `${name}.tar.br`), archive)
  const { status, stderr } = spawnSync('tar', ['-xf', archive, '-C', folder], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`tar could not unpack ${name}: ${stderr}`)
  await rm(archive)
}

function decompress(from: string, to: string): Promise<void> {
  return pipeline(createReadStream(from), createBrotliDecompress(), createWriteStream(to))
}

/** The NSS libraries that came along are used only where the system has none. */
function librariesFor(executable: string, folder: string): Record<string, string> {
  if (spawnSync(executable, ['--version']).status === 0) return {}
  return { LD_LIBRARY_PATH: [folder, process.env.LD_LIBRARY_PATH].filter(Boolean).join(':') }
}
