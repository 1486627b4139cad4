// Blocks are found by language and number or by marker, and run with their own imports.
import { expect, test } from 'vitest'
import { listSnippets, readSnippet } from '../src/index.js'

const guide = new URL('./fixtures/guide/GUIDE.md', import.meta.url)

test('a ts block is a module beside its document: types, relative and package imports', async () => {
  const snippet = await import('snippet:./fixtures/guide/GUIDE.md#ts-1')
  expect(snippet.default).toEqual({ doubled: 84, readSnippet })
})

test('a block is found by its marker, and may await at the top', async () => {
  const snippet = await import('snippet:./fixtures/guide/GUIDE.md#second')
  expect(snippet.text).toBe('```')
})

test('a block is read as text, without the indentation of its list', () => {
  expect(readSnippet(guide, 'page')).toBe('<p>\n  Hello\n</p>\n')
  expect(readSnippet(guide, 'html-1')).toBe(readSnippet(guide, 'page'))
  expect(readSnippet(guide, 'text-1')).toBe('no language\n')
})

test('a missing block is named, with those that exist', () => {
  expect(() => readSnippet(guide, 'ts-3')).toThrow(
    'no snippet named "ts-3" (it has: ts-1, html-1, page, ts-2, second, text-1)',
  )
})

test('importing a block that is missing or no code fails at the import, and says why', async () => {
  await expect(import('snippet:./fixtures/guide/GUIDE.md#page')).rejects.toThrow(
    'is html, not code',
  )
  await expect(import('snippet:./fixtures/guide/GUIDE.md#ts-9')).rejects.toThrow('named "ts-9"')
  await expect(import('snippet:./fixtures/NONE.md#ts-1')).rejects.toThrow('ENOENT')
})

test('an unclosed block runs to the end, a tilde fence may hold backticks', () => {
  expect(listSnippets('~~~js\n```\n~~~\n```js\nlast')).toMatchObject([
    { names: ['js-1'], code: '```\n' },
    { names: ['js-2'], code: 'last\n' },
  ])
})
