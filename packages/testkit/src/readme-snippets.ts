// A vite plugin: loads a document's code block as a module, so that a README is run and not copied:
// `await import('snippet:../README.md#ts-1')`. The block's imports resolve as if it were a file
// beside the document.
import { readFileSync } from 'node:fs'
import { dirname, isAbsolute, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'
import { findSnippet, type Snippet } from './snippets.js'

const SCHEME = 'snippet:'
// The id ends in the block's language, so that vite strips types: /…/README.md.ts-1.ts
const ID = /^(.+\.md)\.([\w-]+)\.(?:[jt]sx?)$/
const CODE = /^[jt]sx?$/

export function readmeSnippets(): Plugin {
  let root = process.cwd()
  return {
    name: 'readme-snippets',
    enforce: 'pre',

    configResolved(config) {
      root = config.root
    },

    async resolveId(source, importer, options) {
      if (source.startsWith(SCHEME)) {
        const [path = '', name = ''] = source.slice(SCHEME.length).split('#')
        const document = locate(path, importer)
        return `${document}.${name}.${extensionOf(document, name)}`
      }
      const document = importer && ID.exec(importer)?.[1]
      if (!document) return null
      // A document above the package (the repository's README) sees what the package sees.
      return (
        (await this.resolve(source, document, { ...options, skipSelf: true })) ??
        (await this.resolve(source, resolve(root, 'package.json'), { ...options, skipSelf: true }))
      )
    },

    load(id) {
      const [, document, name] = ID.exec(id) ?? []
      if (!document || !name) return null
      this.addWatchFile(document)
      return read(document, name).code
    },
  }
}

function read(document: string, name: string): Snippet {
  const snippet = findSnippet(readFileSync(document, 'utf8'), name, document)
  if (CODE.test(snippet.language)) return snippet
  throw new Error(`snippet "${name}" of ${document} is ${snippet.language || 'text'}, not code`)
}

/** A missing block is left to `load`: thrown here, it would fail the test file and not the test. */
function extensionOf(document: string, name: string): string {
  try {
    return read(document, name).language
  } catch {
    return 'ts'
  }
}

function locate(path: string, importer: string | undefined): string {
  if (path.startsWith('file:')) return fileURLToPath(path)
  if (isAbsolute(path)) return path
  if (!importer) throw new Error(`${SCHEME}${path} needs an importing file`)
  return resolve(dirname(importer), path)
}
