// A close frame holds 123 bytes of reason: longer ones are cut between characters.

import { byteLength } from '@chan/protocol'

const MAX_BYTES = 123

/** The longest beginning of the text that fits into a close frame. */
export function closeReason(text: string): string {
  // A lone surrogate has no UTF-8 form.
  let reason = text.replace(/\p{Cs}/gu, '\ufffd')
  while (byteLength(reason) > MAX_BYTES) {
    const end = reason.length - Math.max(1, Math.ceil((byteLength(reason) - MAX_BYTES) / 3))
    reason = reason.slice(0, end)
    if (/[\ud800-\udbff]$/.test(reason)) reason = reason.slice(0, -1)
  }
  return reason
}
