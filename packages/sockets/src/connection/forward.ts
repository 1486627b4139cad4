// `socket.forward`: another channel's messages on a socket, as long as the socket lives.

import {
  type Channel,
  refuse,
  type ServedChannel,
  type Session,
  type SessionEnd,
  servedChannel,
} from '@chan/core/connections'
import { type Message, PermissionError } from '@chan/protocol'
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

/** @internal */
export async function forward<T, P>(
  connection: Connection,
  channel: Channel<T, P>,
  { userId = null, sendHistory = false, filterFn }: ForwardOptions<T>,
): Promise<Forward> {
  const served = servedChannel(channel)
  const history = historyCount(sendHistory)
  refuse(filterFn !== undefined && typeof filterFn !== 'function', 'filterFn', 'a function')
  if (connection.ending) return { unsubscribe: async () => {} }
  const forwarding = new Forwarding(connection, served, { filterFn } as SeatUse, userId)
  await forwarding.begin(history)
  return { unsubscribe: () => forwarding.end() }
}

/** One use of a connection's seat, and the session that may lose it. */
class Forwarding implements Session {
  readonly #connection: Connection
  readonly #served: ServedChannel<Channel>
  readonly #use: SeatUse
  readonly #userId: string | null
  #seat: Seat | undefined
  #over = false
  #revoked = false
  #forget = () => {}

  constructor(
    connection: Connection,
    served: ServedChannel<Channel>,
    use: SeatUse,
    userId: string | null,
  ) {
    this.#connection = connection
    this.#served = served
    this.#use = use
    this.#userId = userId
  }

  /** Resolves when the channel is forwarded, or when nobody is there for it any more. */
  async begin(history: number): Promise<void> {
    const [connection, served, userId] = [this.#connection, this.#served, this.#userId]
    const { sessions } = served.context
    this.#forget = connection.onEnd(() => void this.end())
    sessions.add(userId, this)
    try {
      // Before asking for permission: whoever is disconnected or revoked from then on is heard of.
      if (userId !== null) await connection.untilEnded(sessions.ready())
      if (!this.#over) await connection.untilEnded(served.authorize(userId))
      if (!this.#over) {
        this.#seat = await takeSeat(connection, served, this.#use, { userId, history })
        if (this.#over) await leaveSeat(connection, this.#seat, this.#use)
      }
      if (this.#revoked) throw new PermissionError(served.name, userId)
    } catch (error) {
      await this.end()
      // Given up because nobody is there any more; that is no failure of the caller's.
      if (!connection.ending) throw error
    }
  }

  async end(): Promise<void> {
    if (this.#over) return
    this.#over = true
    this.#forget()
    this.#served.context.sessions.remove(this.#userId, this)
    if (this.#seat) await leaveSeat(this.#connection, this.#seat, this.#use)
  }

  endSession(why: SessionEnd): void {
    // No command is about nobody.
    if (why === 'unsure' && this.#userId === null) return
    endSession(this.#connection, why)
  }

  revoke(channel: string): void {
    if (channel !== this.#served.name) return
    this.#revoked = true
    void this.end()
  }
}
