// The suite that every backend must pass, on memory: as it is, slow and out of turn, and forgetful.

import { backendSuite, lossy, shuffled, wrapped } from '@chan/conformance'
import { describe, expect, test, vi } from 'vitest'
import { harness } from './harness.js'

vi.setConfig({ testTimeout: 60_000 })

// As it is: the example of the suite's own README.
await import('snippet:../../conformance/README.md#ts-1')

const runner = { describe, test, expect }
backendSuite(runner, wrapped(harness, 'memory, shuffled', shuffled))
backendSuite(runner, wrapped(harness, 'memory, lossy', lossy))
