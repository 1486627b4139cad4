// The place for errors that nobody waits for.

import { callSafely } from '../model/call.js'

/** Where an error came from that no caller waits for. */
export interface ErrorContext {
  /** What was being done: `callback`, `filter`, `auth`, `read`, `backend` … */
  readonly operation: string
  /** The channel concerned, if one is. */
  readonly channel?: string
}

/** Hears of errors that no caller waits for. */
export type ErrorListener = (error: unknown, context: ErrorContext) => void

/** One line on the console, as `onError` does by default. */
export function logError(error: unknown, context: ErrorContext): void {
  const where = context.channel === undefined ? '' : ` on channel '${context.channel}'`
  const sink = (globalThis as { console?: { error(...parts: unknown[]): void } }).console
  sink?.error(`[chan] ${context.operation}${where} failed:`, error)
}

/** Wraps a listener so that neither it nor its failure can hurt the caller. */
export function safeReporter(listener: ErrorListener): ErrorListener {
  return (error, context) => {
    callSafely(
      () => listener(error, context),
      (failure) => {
        logError(failure, { operation: 'onError' })
        logError(error, context)
      },
    )
  }
}
