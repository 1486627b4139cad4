// The suite a storage backend must pass: its port clause by clause, then a layer on top of it.

import { runTopics } from '../cases.js'
import type { Runner } from '../runner.js'
import type { BackendHarness } from './harness.js'
import { layerTopics } from './layer/topics.js'
import { portTopics } from './port/topics.js'
import { inScene } from './scene.js'

/**
 * Registers the suite with a test runner.
 * @param runner `{ describe, test, expect }` of vitest, jest, or node:test with the `expect` package
 */
export function backendSuite(runner: Runner, harness: BackendHarness): void {
  const topics = [...portTopics, ...layerTopics]
  runTopics(runner, harness.name, topics, harness.skip ?? {}, (body) =>
    inScene(runner, harness, body),
  )
}
