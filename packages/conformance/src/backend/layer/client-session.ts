// A client's session as a socket bridge keeps it, which notes down what becomes of it.

import type { ChannelLayer } from '@chan/core'
import { type Session, servedChannel } from '@chan/core/connections'

export function clientSession(layer: ChannelLayer, userId: string | null) {
  const ends: string[] = []
  const revoked: string[] = []
  const { sessions } = servedChannel(layer.channel('any')).context
  const remove = () => sessions.remove(userId, session)
  const session: Session = {
    endSession: (why) => {
      ends.push(why)
      remove()
    },
    revoke: (channel) => void revoked.push(channel),
  }
  sessions.add(userId, session)
  return { ends, revoked, remove, ready: () => sessions.ready() }
}
