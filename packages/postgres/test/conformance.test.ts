// The suite that every backend must pass, on PostgreSQL as it is.

import { backendSuite } from '@chan/conformance'
import { describe, expect, test, vi } from 'vitest'
import { pgHarness } from './harness.js'

vi.setConfig({ testTimeout: 60_000 })

const runner = { describe, test, expect }
backendSuite(runner, pgHarness('postgres'))
