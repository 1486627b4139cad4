// The text frames of the single-channel bridge that are not a message's own JSON. PROTOCOL.md, B-1 ff.

import type { ChanError } from './errors.js'

/** The frame that answers a refused publish: `{"error":{"code":…,"message":…,"hint":…}}`. */
export function encodeErrorFrame(error: Pick<ChanError, 'toFrame'>): string {
  return JSON.stringify(error.toFrame())
}

/**
 * The data that a client's text frame publishes: what the text means as JSON, or the text itself
 * where it is not JSON. `{"a":1}`, `42` and `"hi"` are JSON; `hi` and the empty text are not.
 */
export function parseBridgeText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
