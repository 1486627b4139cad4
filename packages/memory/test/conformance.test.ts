// The suites that every backend must pass, on memory: as it is, slow and out of turn, forgetful.

import { backendSuite, lossy, shuffled, wrapped } from '@chan/conformance'
import { describe, expect, test, vi } from 'vitest'
import { InMemoryBus, MemoryBackend } from '../src/index.js'

vi.setConfig({ testTimeout: 60_000 })

const memory = {
  name: 'memory',
  async createCluster() {
    const bus = new InMemoryBus()
    return {
      join: () => new MemoryBackend(bus),
      crash: async (backend: object) => bus.crash(backend),
      close: async () => {},
    }
  },
}

const runner = { describe, test, expect }
backendSuite(runner, memory)
backendSuite(runner, wrapped(memory, 'memory, shuffled', shuffled))
backendSuite(runner, wrapped(memory, 'memory, lossy', lossy))
