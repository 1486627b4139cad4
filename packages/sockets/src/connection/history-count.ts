// How much of a channel's history a socket is sent first, as users say it.

import { refuse } from '@chan/core/connections'

/**
 * The most recent messages to send: Infinity for all.
 * @throws {ChanError} `invalid-option`
 */
export function historyCount(sendHistory: boolean | number): number {
  if (sendHistory === true) return Infinity
  if (sendHistory === false) return 0
  const isCount = Number.isSafeInteger(sendHistory) && sendHistory >= 0
  refuse(!isCount, 'sendHistory', 'true, false or a whole number from 0')
  return sendHistory
}
