// Finds the fenced code blocks of a Markdown document. A block is named `<language>-<n>` (ts-1 is
// the first ```ts block), and also by a marker on the line before it: `<!-- snippet: name -->`.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export interface Snippet {
  /** `ts-1`, and the marker's name if there is one. */
  readonly names: readonly string[]
  readonly language: string
  readonly code: string
}

const MARKER = /^\s*<!--\s*snippet:\s*(\S+)\s*-->\s*$/
const OPENING = /^(\s*)(`{3,}|~{3,})\s*([^\s`]*)/

/** The code of one block, for a test that needs its text. `file` is a file URL or a path. */
export function readSnippet(file: URL | string, name: string): string {
  const path = toPath(file)
  return findSnippet(readFileSync(path, 'utf8'), name, path).code
}

/** The block of that name; throws with the names that do exist. */
export function findSnippet(markdown: string, name: string, document = 'the document'): Snippet {
  const snippets = listSnippets(markdown)
  const found = snippets.filter((snippet) => snippet.names.includes(name))
  if (found.length > 1) throw new Error(`${document} has ${found.length} snippets named "${name}"`)
  if (found[0]) return found[0]
  const known = snippets.flatMap((snippet) => snippet.names).join(', ') || 'none'
  throw new Error(`${document} has no snippet named "${name}" (it has: ${known})`)
}

/** Every fenced block, in order. */
export function listSnippets(markdown: string): readonly Snippet[] {
  const snippets: Snippet[] = []
  const counts = new Map<string, number>()
  const lines = markdown.split(/\r?\n/)
  for (let at = 0; at < lines.length; at++) {
    const [, indent = '', fence = '', language = ''] = OPENING.exec(lines[at] ?? '') ?? []
    if (fence === '') continue
    const marker = MARKER.exec(lines[at - 1] ?? '')?.[1]
    const body: string[] = []
    for (at++; at < lines.length && !closes(lines[at] ?? '', fence); at++) {
      body.push(dedent(lines[at] ?? '', indent))
    }
    const count = (counts.get(language) ?? 0) + 1
    counts.set(language, count)
    const names = [`${language || 'text'}-${count}`, ...(marker ? [marker] : [])]
    snippets.push({ names, language, code: `${body.join('\n')}\n` })
  }
  return snippets
}

function closes(line: string, fence: string): boolean {
  const text = line.trim()
  return text.length >= fence.length && text === (fence[0] ?? '').repeat(text.length)
}

function dedent(line: string, indent: string): string {
  return line.startsWith(indent) ? line.slice(indent.length) : line.trimStart()
}

function toPath(file: URL | string): string {
  return file instanceof URL || file.startsWith('file:') ? fileURLToPath(file) : file
}
