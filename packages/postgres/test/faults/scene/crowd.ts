// A member's presence: users that it holds, and everything that it is told about members.
import { setTimeout as sleep } from 'node:timers/promises'
import { isChanError, type PresenceEvent, type Subscription } from '../../../src/index.js'
import type { PgChannelLayer } from '../../../src/layer.js'

/** One word about members of a channel, and when it came, in milliseconds of the wall clock. */
export interface Notice {
  readonly channel: string
  readonly type: PresenceEvent['type']
  readonly userIds: readonly string[]
  readonly reason?: string
  readonly at: number
}

export class Crowd {
  readonly #layer: PgChannelLayer
  readonly #notices: Notice[] = []
  #connections: Subscription[] = []
  #churning = false
  #churns: Promise<readonly string[]>[] = []

  constructor(layer: PgChannelLayer) {
    this.#layer = layer
  }

  get notices(): readonly Notice[] {
    return this.#notices
  }

  /** Resolves when it knows who is there, and is told of every change from then on. */
  async observe(channels: readonly string[]): Promise<void> {
    await Promise.all(
      channels.map((channel) =>
        this.#layer.channel(channel).onPresence((event) => this.#notice(channel, event)),
      ),
    )
  }

  /** The users join each of the channels. */
  async join(channels: readonly string[], userIds: readonly string[]): Promise<void> {
    await Promise.all(
      channels.flatMap((name) => {
        const channel = this.#layer.channel(name)
        return userIds.map((userId) => channel.join(userId, { name: `Name of ${userId}` }))
      }),
    )
  }

  /** Each user connects once more, and is present for as long. */
  async connect(channel: string, userIds: readonly string[]): Promise<void> {
    const connected = userIds.map((userId) =>
      this.#layer.channel(channel).subscribe(() => {}, { userId, joinPresence: true }),
    )
    this.#connections.push(...(await Promise.all(connected)))
  }

  /** All connections close at once. */
  async disconnect(): Promise<void> {
    const closing = this.#connections
    this.#connections = []
    await Promise.all(closing.map((connection) => connection.unsubscribe()))
  }

  /** From now on the users come and go, each as fast as it is told that it did. */
  churn(name: string, userIds: readonly string[]): void {
    const channel = this.#layer.channel(name)
    this.#churning = true
    this.#churns = userIds.map(async (userId) => {
      let isPresent = false
      while (this.#churning) {
        await insist(() => (isPresent ? channel.leave(userId) : channel.join(userId)))
        isPresent = !isPresent
      }
      return isPresent ? [userId] : []
    })
  }

  /** Ends it. → who stayed. */
  async calm(): Promise<readonly string[]> {
    this.#churning = false
    return (await Promise.all(this.#churns)).flat()
  }

  /** Who is present, as the database says. */
  async list(channels: readonly string[]): Promise<readonly (readonly string[])[]> {
    return Promise.all(
      channels.map(async (channel) => {
        const members = await this.#layer.channel(channel).presence()
        return members.map(({ userId }) => userId).sort()
      }),
    )
  }

  #notice(channel: string, event: PresenceEvent): void {
    const members = event.type === 'sync' ? event.members : [event.member]
    this.#notices.push({
      channel,
      type: event.type,
      userIds: members.map(({ userId }) => userId).sort(),
      ...(event.type === 'leave' && { reason: event.reason }),
      at: Date.now(),
    })
  }
}

/** Again and again, until it is certain that it was done. */
async function insist(task: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await task()
      return
    } catch (error) {
      const mayHelp = isChanError(error) && ['unavailable', 'outcome-unknown'].includes(error.code)
      if (!mayHelp) throw error
      await sleep(20)
    }
  }
}
