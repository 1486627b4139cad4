// Refusals: what `admit` answers instead of a context, where a plain `false` says too little.

import { ChanError } from '@chan/protocol'
import type { Refusal } from '../port/port.js'

/**
 * Refuses an upgrade with an HTTP status.
 * @param status 400–599
 * @param text the body, plain text; the peer of a browser's WebSocket never sees it, people with
 * other clients do
 * @throws {ChanError} `invalid-option` for another status
 */
export function refuse(status: number, text = 'Refused'): Refusal {
  if (Number.isInteger(status) && status >= 400 && status <= 599) {
    return { refused: true, status, text: String(text) }
  }
  throw new ChanError(
    'invalid-option',
    `A refusal needs an HTTP status from 400 to 599, got ${String(status)}.`,
    'Use 401 for "who are you", 403 for "not you", 404, 429 or 503.',
  )
}

/** Whether `admit` answered with `refuse(…)`, and not with a context that looks a little like it. */
export function isRefusal(answer: unknown): answer is Refusal {
  if (typeof answer !== 'object' || answer === null) return false
  const { refused, status, text } = answer as Partial<Refusal>
  return refused === true && typeof status === 'number' && typeof text === 'string'
}
