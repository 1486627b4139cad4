// The suite within one process: what a publish costs before any socket or database comes into it.

import { defineSuite } from '../bench.js'
import { type MemoryContext, publish } from './publish.js'

export const memory = defineSuite<MemoryContext>(
  'memory',
  'InMemoryChannelLayer within one process, history on',
  [publish],
  async ({ full, tell }) => ({
    context: { full, tell },
    facts: {},
    [Symbol.asyncDispose]: async () => {},
  }),
)
