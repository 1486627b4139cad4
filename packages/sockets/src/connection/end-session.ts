// How a connection ends when the server ends its user's sessions.

import type { SessionEnd } from '@chan/core/connections'
import { CloseCode } from '@chan/protocol'
import type { Connection } from './connection.js'

/** @internal */
export function endSession(connection: Connection, why: SessionEnd): void {
  if (why === 'disconnected') connection.close(CloseCode.policy, 'disconnected by the server')
  else if (why === 'closing') connection.close(CloseCode.goingAway, 'the server is going away')
  else connection.close(CloseCode.goingAway, 'the server lost track of who may stay')
}
