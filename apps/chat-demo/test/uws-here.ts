// Whether tests of `--adapter uws` can run here. Where they cannot, every report says why.

import { describe } from 'vitest'
import { loadUws } from '../src/uws-module.js'

const reason = await whyNot()
if (reason !== undefined) console.warn(`Skipped: tests of --adapter uws. ${reason}`)

/** A group of tests that needs uWebSockets.js; without it, skipped with the reason in its name. */
export const describeWithUws: (name: string, options: object, tests: () => void) => void = (
  name,
  options,
  tests,
) => {
  if (reason === undefined) describe(name, options, tests)
  else describe.skip(`${name} (skipped: ${reason})`, options, tests)
}

/** In CI on Node 20 it has to be there: nothing may be skipped unnoticed. */
async function whyNot(): Promise<string | undefined> {
  try {
    await loadUws()
    return undefined
  } catch (error) {
    if (process.env.CI && process.versions.node.startsWith('20.')) throw error
    return (error as Error).message
  }
}
