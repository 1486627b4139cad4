// How long a connection waits for the user's own code.

import type { Timer } from '@chan/core/connections'
import type { Bridge } from './bridge.js'

/**
 * Resolves when the work settles, or `closeTimeoutMs` after the connection ended: a hook that hangs
 * must not keep its user present for ever. A layer that closes is not kept waiting at all, for the
 * hook may be waiting for it. The work must not reject.
 */
export function patiently({ connection, served }: Bridge, work: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const { timers, durations } = connection.home
    let timer: Timer | undefined
    const forget = connection.onEnd(() => {
      if (served.context.closing.aborted) resolve()
      else timer = timers.after(durations.closeTimeoutMs, resolve)
    })
    void work.then(() => {
      forget()
      timer?.cancel()
      resolve()
    })
  })
}
