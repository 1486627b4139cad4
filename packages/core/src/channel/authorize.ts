// Asks a channel's authFn. Anything but a clear yes is a no.

import { isThenable } from '../model/call.js'
import { withDeadline } from '../model/deadline.js'
import { ChanError, PermissionError } from '../model/message.js'
import type { AuthFn } from '../model/policy.js'
import type { ServingContext } from '../ports/connections.js'

const DEADLINE_MS = 10_000

/**
 * Resolves if the user may subscribe.
 * @throws {PermissionError} if not, and where the authFn throws, which is reported as well
 * @throws {ChanError} `unavailable` if the authFn does not answer within 10 s
 */
export async function authorize(
  context: ServingContext,
  channel: string,
  authFn: AuthFn | undefined,
  userId: string | null,
): Promise<void> {
  if (!authFn) return
  let allowed: unknown
  try {
    allowed = authFn(channel, userId)
    if (isThenable(allowed)) {
      const answer = Promise.resolve(allowed)
      allowed = await withDeadline(context.clock, DEADLINE_MS, answer, () => noAnswer(channel))
    }
  } catch (error) {
    context.report(error, { operation: 'auth', channel })
    if (error instanceof ChanError && error.code === 'unavailable') throw error
  }
  if (allowed !== true) throw new PermissionError(channel, userId)
}

function noAnswer(channel: string): ChanError {
  return new ChanError(
    'unavailable',
    `The authFn of channel '${channel}' did not answer within ${DEADLINE_MS / 1000} s.`,
    'Give the authFn a deadline of its own, below this one.',
    { details: { channel } },
  )
}
