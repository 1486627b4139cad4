// Chat: rooms with history, presence and typing, and private messages, over any number of tabs and
// servers.

import { type Channel, type ChannelLayer, isChanError, type PresenceEvent } from '@chan/core'
import {
  type AdmitRequest,
  type ChannelSocket,
  refuse,
  type SocketRouter,
  websocketChannelHandler,
} from '@chan/ws'
import type { Hono } from 'hono'
import { type ChatCommand, commandError, readCommand } from './chat-commands.js'
import { isName } from './names.js'
import { readName } from './rest.js'

/** What is published in `chat:{room}` and, if it is private, in `user:{name}`. */
export type ChatEvent =
  | { readonly type: 'message'; readonly text: string }
  | { readonly type: 'typing' }
  | { readonly type: 'system'; readonly event: 'joined' | 'left'; readonly user: string }
  | { readonly type: 'direct'; readonly to: string; readonly text: string }

/** Adds the sockets `/ws/chat/:room?user=…` and the endpoint `GET /chat/:room/presence`. */
export function chat(app: Hono, layer: ChannelLayer, sockets: SocketRouter): void {
  const roomOf = (name: string) => layer.channel<ChatEvent>(`chat:${name}`)
  const inboxOf = (user: string) => layer.channel<ChatEvent>(`user:${user}`)
  /** Departures that are being said right now. */
  const saying = new Set<string>()

  layer.define('chat:*', { maxHistory: 200, authFn: (_channel, user) => user !== null })
  // Only their owner listens to private messages, and nobody reads them later.
  layer.define('user:*', {
    maxHistory: 0,
    authFn: (channel, user) => user !== null && channel === inboxOf(user).name,
  })

  sockets.route('/ws/chat/:room', { admit: checkNames }, (socket, request) => {
    // A real program would know its user from a session; the demo believes what it is told.
    const user = request.query.get('user') ?? ''
    const send = (frame: object) => void socket.send(JSON.stringify(frame))

    // When this stay in the room began, on whatever tab.
    let since: number | undefined

    return websocketChannelHandler(socket, roomOf(request.params.room), {
      userId: user || null,
      async onConnect(room, { first }) {
        await openInbox(socket, user)
        await room.onPresence(
          (presence) => {
            send({ presence })
            since = joinedAt(presence, user) ?? since
            // Its server died and cannot say so any more.
            if (presence.type === 'leave' && presence.reason === 'timed-out') {
              const { userId, joinedAt } = presence.member
              sayLeft(room, userId, joinedAt).catch((error) => console.error('left:', error))
            }
          },
          { signal: socket.signal },
        )
        if (first) await room.publish({ type: 'system', event: 'joined', user })
      },
      async onDisconnect(room, { last }) {
        if (last) await sayLeft(room, user, since)
      },
      async onMessage(text, room) {
        const command = readCommand(text)
        if ('error' in command) return send(command)
        const { id } = command
        try {
          const refused = await carryOut(command, room, user)
          if (refused) send(refused)
          else if (id !== undefined) send({ ack: id })
        } catch (error) {
          if (!isChanError(error)) throw error
          send({ ...error.toFrame(), id })
        }
      },
    })
  })

  /** Private messages to the user reach this socket, and whoever sends one knows that. */
  async function openInbox(socket: ChannelSocket, user: string): Promise<void> {
    const inbox = inboxOf(user)
    await socket.forward(inbox, { userId: user })
    // Ends with the last socket that the inbox is forwarded to.
    if (!socket.signal.aborted) await inbox.join(user)
  }

  /**
   * Tells the room that somebody left. Of a dead server's people every tab everywhere hears it: one
   * of each server says so, and of these the first is heard.
   */
  async function sayLeft(room: Channel<ChatEvent>, user: string, since: number | undefined) {
    const event: ChatEvent = { type: 'system', event: 'left', user }
    if (since === undefined) return void (await room.publish(event))
    // `since` names the stay; no sender's id begins like this, because no name is empty.
    const id = `/left/${user}/${since}`
    const key = `${room.name}/${id}`
    if (saying.has(key)) return
    saying.add(key)
    await room.publish(event, { id }).finally(() => saying.delete(key))
  }

  async function carryOut(command: ChatCommand, room: Channel<ChatEvent>, sender: string) {
    const { id, ...event } = command
    if (event.type === 'typing') {
      await room.publish(event, { sender, ephemeral: true })
      return
    }
    // An id makes a message that a client sends again, after a lost connection, arrive once.
    const options = { sender, ...(id !== undefined && { id: `${sender}/${id}` }) }
    if (event.type === 'message') {
      await room.publish(event, options)
      return
    }
    const inbox = inboxOf(event.to)
    if ((await inbox.presenceCount()) === 0) {
      return commandError(`${event.to} is not here.`, 'Private messages need an open chat.', id)
    }
    await inbox.publish(event, options)
    // The sender's own tabs show it too.
    if (event.to !== sender) await inboxOf(sender).publish(event, options)
  }

  app.get('/chat/:room/presence', async (c) => {
    const members = await roomOf(readName(c, 'room')).presence()
    return c.json({ members, count: members.length })
  })
}

function joinedAt(event: PresenceEvent, user: string): number | undefined {
  if (event.type === 'leave') return undefined
  const members = event.type === 'sync' ? event.members : [event.member]
  return members.find(({ userId }) => userId === user)?.joinedAt
}

/** A missing user passes here, and is refused by the room's authFn. */
function checkNames({ params, query }: AdmitRequest) {
  const user = query.get('user')
  if (!isName(params.room ?? '')) return refuse(400, 'A room needs a name of 1–40 characters.')
  if (user && !isName(user)) return refuse(400, 'user must be a name of 1–40 characters.')
  return undefined
}
