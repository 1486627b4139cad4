// Calls what users gave: a failure, at once or in a promise, is reported and hurts nobody else.

import type { Message } from './message.js'
import { ChanError } from './message.js'

/** Calls back; a throw and a rejection are reported. Async callbacks are not waited for. */
export function callSafely(call: () => unknown, report: (error: unknown) => void): void {
  try {
    const result = call()
    if (isThenable(result)) result.then(undefined, report)
  } catch (error) {
    report(error)
  }
}

/**
 * Whether a filter lets the message through. One that throws does not, and neither does an async one:
 * its promise would be truthy whatever it resolves to.
 */
export function passes(
  filter: (message: Message) => unknown,
  message: Message,
  report: (error: unknown) => void,
): boolean {
  try {
    const answer = filter(message)
    if (!isThenable(answer)) return Boolean(answer)
    answer.then(undefined, report)
    report(asyncFilter())
  } catch (error) {
    report(error)
  }
  return false
}

/** Whether a value is something that `await` would wait for. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (typeof value !== 'object' || value === null || !('then' in value)) return false
  return typeof value.then === 'function'
}

function asyncFilter(): ChanError {
  return new ChanError(
    'invalid-option',
    'A filterFn answered with a promise; the message was skipped.',
    'Filters decide at once: do async work before subscribing, and filter on what it found.',
  )
}
