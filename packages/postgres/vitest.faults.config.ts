// The faults at full length, `npm run test:faults`: those that have two. The others are the same at
// every length, and run with `npm test`.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import base from '../../vitest.base.js'

const folder = join(import.meta.dirname, 'test/faults')

function hasTwoLengths(name: string): boolean {
  return name.endsWith('.test.ts') && readFileSync(join(folder, name), 'utf8').includes('form(')
}

export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: readdirSync(folder)
      .filter(hasTwoLengths)
      .map((name) => `test/faults/${name}`),
    env: { CHAN_FAULTS: 'full' },
    maxWorkers: 2,
    ...(process.env.CI && {
      outputFile: { json: 'node_modules/.cache/vitest-results-faults.json' },
    }),
  },
})
