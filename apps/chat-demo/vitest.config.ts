import { defineConfig, mergeConfig } from 'vitest/config'
import base from '../../vitest.base.js'

// One PostgreSQL for all test files; each that needs it makes a database of its own.
export default mergeConfig(
  base,
  defineConfig({ test: { globalSetup: ['@chan/testkit/postgres-setup'] } }),
)
