import { describe, expect, test, vi } from 'vitest'
import { backendSuite, lossy, shuffled, wrapped } from '@chan/conformance'
import { harness } from './harness.js'
vi.setConfig({ testTimeout: 60_000 })
for (let k = 1; k <= 6; k++) {
  backendSuite({ describe, test, expect }, wrapped({ ...harness, rounds: 30 }, `s${k}`, (b, seed) => shuffled(b, seed * 1000 + k)))
  backendSuite({ describe, test, expect }, wrapped({ ...harness, rounds: 30 }, `l${k}`, (b, seed) => lossy(b, seed * 1000 + k)))
  backendSuite({ describe, test, expect }, wrapped({ ...harness, rounds: 30 }, `sl${k}`, (b, seed) => shuffled(lossy(b, seed * 1000 + k), seed + k)))
  backendSuite({ describe, test, expect }, wrapped({ ...harness, rounds: 30 }, `ls${k}`, (b, seed) => lossy(shuffled(b, seed * 1000 + k), seed + k)))
}
