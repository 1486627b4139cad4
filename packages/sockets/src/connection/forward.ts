// `socket.forward`: another channel's messages on a socket, as long as the socket lives.

import { type Channel, refuse, type Session, servedChannel } from '@chan/core/connections'
import type { Message } from '@chan/protocol'
import type { Connection } from './connection.js'
import { endSession } from './end-session.js'
import { historyCount } from './history-count.js'
import type { Seat, SeatUse } from './seat.js'
import { leaveSeat, takeSeat } from './take-seat.js'

/** Options of `socket.forward`. */
export interface ForwardOptions<T = unknown> {
  /** Whom the channel's `authFn` is asked about. Default: nobody. */
  readonly userId?: string | null | undefined
  /** Send history first: all of it, none, or at most so many messages. Default false. */
  readonly sendHistory?: boolean | number | undefined
  /** Only messages, of history too, for which this answers something truthy. */
  readonly filterFn?: ((message: Message<T>) => unknown) | undefined
}

/** A channel that is forwarded to a socket. */
export interface Forward {
  /** Ends the forwarding before the socket does. Idempotent. */
  unsubscribe(): Promise<void>
}

const nothing: Forward = { unsubscribe: async () => {} }

/** @internal */
export async function forward<T, P>(
  connection: Connection,
  channel: Channel<T, P>,
  { userId = null, sendHistory = false, filterFn }: ForwardOptions<T>,
): Promise<Forward> {
  const served = servedChannel(channel)
  const history = historyCount(sendHistory)
  refuse(filterFn !== undefined && typeof filterFn !== 'function', 'filterFn', 'a function')
  if (connection.ending) return nothing
  const { sessions } = served.context
  // What the server knows the bridge's user by ends the socket anyway.
  const isStranger = userId !== null && userId !== connection.user
  const session: Session = { endSession: (why) => endSession(connection, why) }
  if (isStranger) sessions.add(userId, session)
  const use = { filterFn } as SeatUse
  let seat: Seat | undefined
  let isOver = false
  const end = async () => {
    if (isOver) return
    isOver = true
    forget()
    if (isStranger) sessions.remove(userId, session)
    if (seat) await leaveSeat(connection, seat, use)
  }
  const forget = connection.onEnd(() => void end())
  try {
    // Before asking for permission: whoever is disconnected from then on is heard of.
    if (isStranger) await connection.untilEnded(sessions.ready())
    if (!isOver) await connection.untilEnded(served.authorize(userId))
    if (isOver) return nothing
    seat = await takeSeat(connection, served, use, { userId, history })
    if (isOver) await leaveSeat(connection, seat, use)
    return { unsubscribe: end }
  } catch (error) {
    await end()
    // Given up because nobody is there any more; that is no failure of the caller's.
    if (connection.ending) return nothing
    throw error
  }
}
