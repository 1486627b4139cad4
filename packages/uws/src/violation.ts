// How a connection ended. When its peer breaks the protocol, uWS drops it and says so only in words;
// core wants to know what happened, as on ws.

/** What core is told. 1006 without a close frame. */
export function endingOf(
  code: number,
  text: string,
): { readonly code: number; readonly reason: string } {
  if (code !== 1006) return { code, reason: text }
  const violation = codes[text]
  return violation === undefined
    ? { code, reason: '' }
    : { code: violation, reason: violation === 1005 ? '' : text }
}

const codes: Readonly<Record<string, number>> = {
  'Received invalid WebSocket frame': 1002,
  'Received invalid UTF-8': 1007,
  'Received too big message': 1009,
  'Received too big message, or other inflation error': 1009,
  // Also for 1012 to 1014 and 3000 to 3999, which are fine: a close frame came, its code is lost.
  'Received invalid close payload': 1005,
}
