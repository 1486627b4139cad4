// Imports may only point down: from package to package as listed in MAY, inside core and sockets from
// right to left in LAYERS. Fails with every import that does not.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { parseSync } from 'vite'

const root = resolve(import.meta.dirname, '..')

/** What the sources under a path may import besides themselves; the longest path counts. */
const MAY = {
  'packages/protocol/src': [],
  'packages/core/src': [],
  'packages/core/src/model': ['@chan/protocol'],
  'packages/memory/src': ['@chan/core', '@chan/core/backend'],
  'packages/postgres/src': ['@chan/core', '@chan/core/backend', 'pg', 'node:*'],
  'packages/sockets/src': ['@chan/core', '@chan/core/connections', '@chan/protocol'],
  'packages/ws/src': ['@chan/core', '@chan/sockets', 'ws', 'node:*'],
  'packages/uws/src': ['@chan/core', '@chan/sockets', 'node:*'],
  'packages/conformance/src': ['@chan/core', '@chan/core/*', '@chan/sockets', 'node:*'],
  'packages/testkit/src': [
    '@sparticuz/chromium',
    'esbuild',
    'pg',
    'playwright-core',
    'ws',
    'vite',
    'vitest/node',
    'node:*',
  ],
}

/** The folders of a package: each may import itself and what stands to its left. */
const LAYERS = {
  'packages/core/src': ['model', 'ports', 'hub', 'presence', 'channel'],
  'packages/sockets/src': ['port', 'connection', 'bridge', 'routing'],
}

const files = ['packages', 'apps'].flatMap(sources)
const problems = files.flatMap((file) =>
  importsOf(file).flatMap((specifier) => {
    const problem = specifier.startsWith('.')
      ? judgeRelative(file, specifier)
      : judgePackage(file, specifier)
    return problem ? [`${file}: '${specifier}': ${problem}`] : []
  }),
)
for (const problem of problems) console.error(problem)
console.log(`imports of ${files.length} files: ${problems.length || 'none'} against the direction`)
process.exitCode = files.length > 0 && problems.length === 0 ? 0 : 1

function judgePackage(file, specifier) {
  const rule = Object.keys(MAY)
    .filter((path) => file.startsWith(`${path}/`))
    .sort((a, b) => b.length - a.length)[0]
  if (!rule) {
    const unruled = /^packages\/[^/]+\/src\//.exec(file)
    return unruled && `${unruled[0]} has no rule, add one to .ci/check-imports.mjs`
  }
  if (MAY[rule].some((allowed) => matches(specifier, allowed))) return
  return `${rule} may import ${MAY[rule].join(', ') || 'no package'}`
}

function judgeRelative(file, specifier) {
  const target = relative(root, resolve(root, dirname(file), specifier))
    .split(sep)
    .join('/')
  const [home, there] = [packageOf(file), packageOf(target)]
  if (there && there !== home) return `reaches into ${there}, import it by name`
  if (!there && file.startsWith(`${home}/src/`)) return `leaves ${home}`
  const src = Object.keys(LAYERS).find((path) => file.startsWith(`${path}/`))
  if (src) return judgeLayer(folderOf(file, src), folderOf(target, src), LAYERS[src])
}

/** Entry files and `testing` stand above everything; nothing imports them. */
function judgeLayer(from, to, layers) {
  if (from === to || from === 'testing') return
  if (to === 'testing') return 'only testing itself may import testing'
  if (to === '') return `${from} may not import an entry file`
  if (!layers.includes(to)) return `${to} has no place in LAYERS`
  if (from === '') return
  if (!layers.includes(from)) return `${from} has no place in LAYERS`
  if (layers.indexOf(from) < layers.indexOf(to)) return `${from} may not import ${to}`
}

function matches(specifier, allowed) {
  return allowed.endsWith('*') ? specifier.startsWith(allowed.slice(0, -1)) : specifier === allowed
}

function packageOf(path) {
  return /^(?:packages|apps)\/[^/]+/.exec(path)?.[0]
}

function folderOf(path, src) {
  return /^([^/]+)\//.exec(path.slice(src.length + 1))?.[1] ?? ''
}

/** The TypeScript files of every package below, as paths from the root. */
function sources(folder) {
  return readdirSync(join(root, folder)).flatMap((name) =>
    ['src', 'test']
      .map((part) => `${folder}/${name}/${part}`)
      .filter((part) => existsSync(join(root, part)))
      .flatMap((part) =>
        readdirSync(join(root, part), { recursive: true })
          .filter((file) => /\.[mc]?tsx?$/.test(file))
          .map((file) => `${part}/${file.split(sep).join('/')}`),
      ),
  )
}

/** Every specifier in the file: imports, re-exports, dynamic imports and `import('…')` types. */
function importsOf(file) {
  const { program, errors } = parseSync(file, readFileSync(join(root, file), 'utf8'))
  if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`)
  const found = new Set()
  const visit = (node) => {
    if (node === null || typeof node !== 'object') return
    if (/Import|Export/.test(node.type) && typeof node.source?.value === 'string') {
      found.add(node.source.value)
    }
    Object.values(node).forEach(visit)
  }
  visit(program)
  return [...found]
}
