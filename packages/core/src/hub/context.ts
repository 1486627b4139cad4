// What every part of a layer may use: time, the place for errors nobody waits for, identities.

import { callSafely } from '../model/call.js'
import type { Clock } from '../model/clock.js'
import type { Sessions } from './sessions.js'

/** Where an error came from that no caller waits for. */
export interface ErrorContext {
  /** What was being done: `callback`, `filter`, `auth`, `read`, `backend` … */
  readonly operation: string
  /** The channel concerned, if one is. */
  readonly channel?: string
}

/** Hears of errors that no caller waits for. */
export type ErrorListener = (error: unknown, context: ErrorContext) => void

/** @internal What a layer shares with its channels and with the sockets bridged to them. */
export interface LayerContext {
  readonly clock: Clock
  /** Aborts when `disconnect` begins. */
  readonly closing: AbortSignal
  /** Hands an error to `onError`. Never throws. */
  report(error: unknown, context: ErrorContext): void
  /** An id for a presence or group hold, unique in this process. */
  newHold(): string
  /** Client sessions that `disconnectUser` ends. */
  readonly sessions: Sessions
}

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
