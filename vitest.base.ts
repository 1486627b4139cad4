// How every package is tested: straight from the sources of all packages, so no build comes first.
import { defaultClientConditions, defaultServerConditions } from 'vite'
import { defineConfig } from 'vitest/config'
import { readmeSnippets } from './packages/testkit/src/readme-snippets.js'

const SOURCE = '@chan/source'

export default defineConfig({
  plugins: [readmeSnippets()],
  resolve: { conditions: [SOURCE, ...defaultClientConditions] },
  ssr: { resolve: { conditions: [SOURCE, ...defaultServerConditions] } },
  test: {
    include: ['test/**/*.test.ts'],
    passWithNoTests: true,
    // A machine that is busy with other packages is no failure.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // `.ci/run` adds these files up.
    ...(process.env.CI && {
      reporters: ['default', 'json'],
      outputFile: { json: 'node_modules/.cache/vitest-results.json' },
    }),
  },
})
