// One bridge: a socket, a channel, and what the connection holds in it, so that its end releases
// exactly that, however far it came.

import type { Channel, ChannelInner } from '../../channel/channel.js'
import type { Group } from '../../channel/group.js'
import type { Subscription } from '../../channel/subscription.js'
import type { ChannelSocket } from '../channel-socket.js'
import type { Connection, Ending } from '../connection.js'
import type { BridgeOptions } from './options.js'

/** @internal */
export class Bridge {
  readonly socket: ChannelSocket
  readonly connection: Connection
  readonly inner: ChannelInner
  readonly options: BridgeOptions
  readonly userId: string | null
  /** Names what this connection holds in presence and groups. */
  readonly hold: string
  /** For hooks: `join` and `leave` are about this connection's hold. */
  readonly channel: Channel
  /** Resolves when either side began to close. */
  readonly ended: Promise<Ending>
  /** The `authFn` said no. */
  denied = false
  /** The connect hook's turn came, so the disconnect hook's will. */
  greeted = false
  subscription: Subscription | undefined
  readonly groups: Group[] = []
  readonly #present = new Set<string>()
  #released = false

  constructor(socket: ChannelSocket, channel: Channel, options: BridgeOptions) {
    this.socket = socket
    this.connection = socket.inner
    this.options = options
    this.userId = options.userId ?? null
    this.inner = channel.inner
    this.hold = this.inner.context.newHold()
    this.channel = this.inner.bind(this.hold, (userId) => this.willJoin(userId))
    this.ended = new Promise((resolve) => this.connection.onEnd(resolve))
  }

  /** Either side began to close: what is being built up is not wanted any more. */
  get over(): boolean {
    return this.connection.ending !== undefined
  }

  /** A put of this connection's hold follows in this turn. */
  willJoin(userId: string): void {
    this.#present.add(userId)
    // By a hook that outlived the connection: nobody would release it later. Puts and releases of a
    // user keep the order of the calls.
    if (this.#released) queueMicrotask(() => void this.releasePresence())
  }

  /** Releases every presence that this connection holds. Answers whether its user left with it. */
  async releasePresence(): Promise<boolean> {
    this.#released = true
    const users = [...this.#present]
    this.#present.clear()
    let last = false
    for (const userId of users) {
      await this.attempt('presence', async () => {
        const released = await this.inner.release(userId, this.hold, 'disconnected')
        if (userId === this.userId) last = released.last
      })
    }
    return last
  }

  /** Does something that must not stop what comes after it. */
  async attempt(operation: string, task: () => unknown): Promise<void> {
    try {
      await task()
    } catch (error) {
      this.report(operation, error)
    }
  }

  report(operation: string, error: unknown): void {
    this.inner.context.report(error, { operation, channel: this.channel.name })
  }
}
