// What ws closes a connection with when its peer breaks the protocol. ws reports 1006 then, because
// no close frame came; core wants to know what happened.

/** The close code that ws has sent, or undefined where the transport broke. */
export function violationOf(
  error: Error & { readonly code?: unknown },
): { readonly code: number; readonly reason: string } | undefined {
  const { code, message } = error
  if (typeof code !== 'string' || !code.startsWith('WS_ERR_')) return undefined
  return { code: codes[code] ?? 1002, reason: message }
}

const codes: Readonly<Record<string, number>> = {
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 1009,
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: 1009,
  WS_ERR_INVALID_UTF8: 1007,
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 1008,
}
