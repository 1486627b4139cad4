import { defineConfig, mergeConfig } from 'vitest/config'
import base from '../../vitest.base.js'

// One PostgreSQL for all test files; each that needs it makes a database of its own.
export default mergeConfig(
  base,
  // The longest run of all: files that wait for a page or a program leave the machine to another one.
  defineConfig({ test: { globalSetup: ['@chan/testkit/postgres-setup'], maxWorkers: 2 } }),
)
