// The suite that every socket adapter must pass, on uWebSockets.js.

import { type SocketHarness, socketSuite } from '@chan/conformance'
import { InMemoryChannelLayer } from '@chan/memory'
import { describe, expect, test, vi } from 'vitest'
import { listen, skipReason } from './native.js'
import { skips } from './skips.js'

vi.setConfig({ testTimeout: 120_000 })

const uws: SocketHarness = {
  name: 'uws',
  start: async (options) => listen(options),
  createLayer: (options) => new InMemoryChannelLayer(options),
  skip: skips,
}

describe.skipIf(skipReason)(`uws${skipReason ? ` (skipped: ${skipReason})` : ''}`, () => {
  socketSuite({ describe, test, expect }, uws)
  socketSuite(
    { describe, test, expect },
    {
      ...uws,
      name: 'uws, message by message',
      start: async (options) => listen({ ...options, fanOut: 'message' }),
    },
  )
})
