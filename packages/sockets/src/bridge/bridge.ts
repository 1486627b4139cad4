// One bridge: a socket, a channel, and what the connection holds in it, so that its end releases
// exactly that, however far it came. While nothing happens it is this object and little more.

import type {
  Channel,
  ChannelInner,
  Group,
  Session,
  SessionEnd,
  Subscription,
} from '@chan/core/connections'
import type { ChannelSocket } from '../connection/channel-socket.js'
import type { Connection, ConnectionOwner, Ending } from '../connection/connection.js'
import { endSession } from '../connection/end-session.js'
import type { FrameConsumer } from '../connection/inbox.js'
import { TokenBucket } from '../connection/token-bucket.js'
import { consume } from './incoming.js'
import type { BridgeOptions, BridgeResult } from './options.js'

/** @internal */
export class Bridge implements ConnectionOwner, FrameConsumer, Session {
  readonly socket: ChannelSocket
  /** As the caller gave it, for what is nobody's hold. */
  readonly target: Channel
  readonly options: BridgeOptions
  /** The `authFn` said no. */
  denied = false
  /** Everything is built up, or given up. */
  standing = false
  /** The connect hook's turn came, so the disconnect hook's will. */
  greeted = false
  subscription: Subscription | undefined
  groups: Group[] | undefined
  #bound: Channel | undefined
  #hold: string | undefined
  #publishes: TokenBucket | undefined
  #present: Set<string> | undefined
  #released = false
  /** Tells the caller how it ended. */
  readonly settle: (result: BridgeResult) => void
  readonly #ended: (bridge: Bridge) => void

  /** @param ended told once that either side began to close */
  constructor(
    socket: ChannelSocket,
    channel: Channel,
    options: BridgeOptions,
    ended: (bridge: Bridge) => void,
    settle: (result: BridgeResult) => void,
  ) {
    this.settle = settle
    this.socket = socket
    this.target = channel
    this.options = options
    this.#ended = ended
  }

  get connection(): Connection {
    return this.socket.inner
  }

  get inner(): ChannelInner {
    return this.target.inner
  }

  get userId(): string | null {
    return this.options.userId ?? null
  }

  /** Names what this connection holds in presence and groups. */
  get hold(): string {
    this.#hold ??= this.inner.context.newHold()
    return this.#hold
  }

  /** For hooks: `join` and `leave` are about this connection's hold. */
  get channel(): Channel {
    this.#bound ??= this.inner.bind(this.hold, (userId) => this.willJoin(userId))
    return this.#bound
  }

  /** What may be published by this connection. */
  get publishes(): TokenBucket {
    const { limits, home } = this.connection
    this.#publishes ??= new TokenBucket(limits.publishes, home.clock)
    return this.#publishes
  }

  /** Either side began to close: what is being built up is not wanted any more. */
  get over(): boolean {
    return this.connection.ending !== undefined
  }

  /** Settles like the work, or resolves to nothing when either side begins to close. */
  untilEnded<T>(work: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const forget = this.connection.onEnd(() => resolve(undefined))
      work.finally(forget).then(resolve, reject)
    })
  }

  connectionEnded(_: Ending): void {
    this.#ended(this)
  }

  consume(text: string): void | Promise<void> {
    return consume(this, text)
  }

  endSession(why: SessionEnd): void {
    endSession(this.connection, why)
  }

  /** A put of this connection's hold follows in this turn. */
  willJoin(userId: string): void {
    this.#present ??= new Set()
    this.#present.add(userId)
    // By a hook that outlived the connection: nobody would release it later. Puts and releases of a
    // user keep the order of the calls.
    if (this.#released) queueMicrotask(() => void this.releasePresence())
  }

  /** Releases every presence that this connection holds. Answers whether its user left with it. */
  async releasePresence(): Promise<boolean> {
    this.#released = true
    const users = this.#present ?? []
    this.#present = undefined
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
    this.inner.context.report(error, { operation, channel: this.target.name })
  }
}
