// Notifications: an inbox per person, and announcements to everybody who is connected.

import type { ChannelLayer } from '@chan/core'
import { refuse, type SocketRouter, websocketChannelHandler } from '@chan/ws'
import type { Hono } from 'hono'
import { z } from 'zod'
import { isName } from './names.js'
import { readBody, readName } from './rest.js'

const notice = z.object({
  title: z.string().trim().min(1, 'must not be empty').max(100, 'must be 100 characters at most'),
  text: z.string().trim().max(1000, 'must be 1000 characters at most').default(''),
})

/** What a client posts. */
export type Notice = z.infer<typeof notice>
/** What arrives in an inbox. */
export type Notification = Notice & { readonly kind: 'personal' | 'announcement' }

/**
 * Adds the socket `/ws/notifications?user_id=…` and the endpoints `POST /notify/:userId` and
 * `POST /announce`; answers the two functions behind these, for the rest of the server.
 */
export function notifications(app: Hono, layer: ChannelLayer, sockets: SocketRouter) {
  const inboxOf = (userId: string) => layer.channel<Notification>(`notifications:${userId}`)
  const everybody = layer.group('all_notifications')

  // Everybody hears their own channel only.
  layer.define('notifications:*', {
    maxHistory: 50,
    authFn: (channel, userId) => userId !== null && channel === inboxOf(userId).name,
  })

  sockets.route(
    '/ws/notifications',
    {
      admit({ query }) {
        const userId = query.get('user_id') ?? ''
        return isName(userId) ? userId : refuse(400, 'user_id must be a name of 1–40 characters')
      },
    },
    (socket, { context: userId }) =>
      websocketChannelHandler(socket, inboxOf(userId), {
        userId,
        groups: [everybody],
        receiveOnly: true,
      }),
  )

  /** Reaches one person: at once where connected, otherwise when the inbox is opened. */
  async function notifyUser(userId: string, notice: Notice) {
    return inboxOf(userId).publish({ kind: 'personal', ...notice })
  }

  /** Reaches everybody who is connected now; resolves to how many people that are. */
  async function announce(notice: Notice): Promise<number> {
    return everybody.publish({ kind: 'announcement', ...notice })
  }

  app.post('/notify/:userId', async (c) => {
    const message = await notifyUser(readName(c, 'userId'), await readBody(c, notice))
    return c.json(message, 201)
  })
  app.post('/announce', async (c) => {
    return c.json({ reached: await announce(await readBody(c, notice)) }, 201)
  })

  return { notifyUser, announce }
}
