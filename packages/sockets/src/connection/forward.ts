// `socket.forward`: another channel's messages on a socket, as long as the socket lives.

import type { Channel, Session } from '@chan/core/connections'
import { CloseCode } from '@chan/protocol'
import type { Connection } from './connection.js'
import { endSession } from './end-session.js'

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
  userId: string | null,
): Promise<Forward> {
  if (connection.ending) return nothing
  connection.enterChannel()
  const { inner } = channel
  const { sessions } = inner.context
  const slow = inner.slowConsumer()
  // What the server knows the bridge's user by ends the socket anyway.
  const isStranger = userId !== null && userId !== connection.user
  const session: Session = { endSession: (why) => endSession(connection, why) }
  if (isStranger) sessions.add(userId, session)
  const over = new AbortController()
  const end = () => {
    if (over.signal.aborted) return
    forget()
    if (isStranger) sessions.remove(userId, session)
    connection.leaveChannel()
    over.abort()
  }
  const forget = connection.onEnd(end)
  try {
    // Before asking for permission: whoever is disconnected from then on is heard of.
    if (isStranger) await sessions.ready()
    const subscription = await channel.subscribe((message) => connection.push(message, slow), {
      userId,
      signal: over.signal,
      // There is no way to tell the client what it missed but to let it come back.
      onReset: () => connection.close(CloseCode.slowConsumer, 'messages were lost'),
    })
    return {
      unsubscribe: async () => {
        end()
        await subscription.unsubscribe()
      },
    }
  } catch (error) {
    end()
    // Given up because nobody is there any more; that is no failure of the caller's.
    if (connection.ending) return nothing
    throw error
  }
}
