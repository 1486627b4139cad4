// Memory as the suite wants it.

import type { BackendHarness } from '@chan/conformance'
import { InMemoryBus, MemoryBackend } from '../src/index.js'

export const harness: BackendHarness = {
  name: 'memory',
  async createCluster() {
    const bus = new InMemoryBus()
    return {
      join: () => new MemoryBackend(bus),
      crash: async (backend) => bus.crash(backend),
      close: async () => {},
    }
  },
}
