// The faults at full length, `npm run test:faults`: mostly waiting, so files run side by side.
import { defineConfig } from 'vitest/config'
import base from '../../vitest.base.js'

export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ['test/faults/**/*.test.ts'],
    env: { CHAN_FAULTS: 'full' },
    maxWorkers: 2,
    ...(process.env.CI && {
      outputFile: { json: 'node_modules/.cache/vitest-results-faults.json' },
    }),
  },
})
