// The suite once more: with an unlogged log, and every call late and out of turn.

import { backendSuite, shuffled, wrapped } from '@chan/conformance'
import { describe, expect, test, vi } from 'vitest'
import { pgHarness } from './harness.js'

vi.setConfig({ testTimeout: 60_000 })

const harness = pgHarness('postgres, unlogged', { durability: 'unlogged' })
backendSuite({ describe, test, expect }, wrapped(harness, 'postgres, unlogged, shuffled', shuffled))
