// The suite a socket adapter must pass: the wire from outside, then the bridge over a layer.

import { runTopics } from '../cases.js'
import type { Runner } from '../runner.js'
import type { SocketHarness } from './harness.js'
import { inSocketScene } from './scene.js'
import { socketTopics } from './topics.js'

/**
 * Registers the suite with a test runner.
 * @param runner `{ describe, test, expect }` of vitest, jest, or node:test with the `expect` package
 */
export function socketSuite(runner: Runner, harness: SocketHarness): void {
  runTopics(runner, harness.name, socketTopics, harness.skip ?? {}, (body) =>
    inSocketScene(runner, harness, body),
  )
}
