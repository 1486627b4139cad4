// Whether a text is larger than a bound in bytes, without counting where its length tells already.

import { byteLength } from '@chan/protocol'

/** Whether the UTF-8 form of the text has more than `maxBytes`. */
export function exceeds(text: string, maxBytes: number): boolean {
  if (text.length > maxBytes) return true
  // No UTF-16 unit takes more than three bytes.
  return text.length * 3 > maxBytes && byteLength(text) > maxBytes
}
