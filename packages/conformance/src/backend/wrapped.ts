// Runs a harness's backends inside something else, such as `shuffled` or `lossy`.

import type { ChannelBackend } from '@chan/core/backend'
import type { BackendHarness } from './harness.js'

/**
 * The same harness with every backend wrapped.
 * @param wrap gets a number that differs for each backend of the run, and repeats in the next run
 */
export function wrapped(
  harness: BackendHarness,
  name: string,
  wrap: (backend: ChannelBackend, seed: number) => ChannelBackend,
): BackendHarness {
  let seed = 0
  return {
    ...harness,
    name,
    async createCluster() {
      const cluster = await harness.createCluster()
      const inner = new WeakMap<ChannelBackend, ChannelBackend>()
      return {
        async join() {
          const backend = await cluster.join()
          const outer = wrap(backend, ++seed)
          inner.set(outer, backend)
          return outer
        },
        crash: (backend) => cluster.crash(inner.get(backend) ?? backend),
        close: () => cluster.close(),
      }
    },
  }
}
