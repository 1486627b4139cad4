// One PostgreSQL for all tests; those that hurt a server start their own.
import { defineConfig, mergeConfig } from 'vitest/config'
import base from '../../vitest.base.js'

export default mergeConfig(
  base,
  defineConfig({ test: { globalSetup: ['@chan/testkit/postgres-setup'] } }),
)
