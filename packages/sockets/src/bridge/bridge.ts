// One bridge: a socket, a channel, and what the connection holds in it, so that its end releases
// exactly that, however far it came. While nothing happens it is this object and little more.

import type { Channel, ServedChannel, Session, SessionEnd } from '@chan/core/connections'
import { CloseCode } from '@chan/protocol'
import type { ChannelSocket } from '../connection/channel-socket.js'
import type { Connection } from '../connection/connection.js'
import { endSession } from '../connection/end-session.js'
import type { Seat, SeatUse } from '../connection/seat.js'
import type { BridgeOptions, BridgeResult } from './options.js'

/** @internal */
export class Bridge implements Session, SeatUse {
  readonly socket: ChannelSocket
  readonly connection: Connection
  readonly served: ServedChannel<Channel>
  // What it needs of its options once it stands; the others are let go of.
  readonly receiveOnly: boolean
  readonly filterFn: BridgeOptions['filterFn']
  readonly onMessage: BridgeOptions['onMessage']
  readonly onDisconnect: BridgeOptions['onDisconnect']
  /** The `authFn` said no, or what it said was taken back before it counted. */
  denied = false
  /** Everything is built up, or given up. */
  standing = false
  /** The connect hook's turn came, so the disconnect hook's will. */
  greeted = false
  seat: Seat | undefined
  groups: string[] | undefined
  #bound: Channel | undefined
  #hold: string | undefined
  #present: Set<string> | undefined
  #released = false
  /** Tells the caller how it ended. */
  readonly settle: (result: BridgeResult) => void

  /** @param options nobody else's */
  constructor(
    socket: ChannelSocket,
    connection: Connection,
    served: ServedChannel<Channel>,
    options: BridgeOptions,
    settle: (result: BridgeResult) => void,
  ) {
    this.settle = settle
    this.socket = socket
    this.connection = connection
    this.served = served
    this.receiveOnly = Boolean(options.receiveOnly)
    this.filterFn = options.filterFn
    this.onMessage = options.onMessage
    this.onDisconnect = options.onDisconnect
  }

  get userId(): string | null {
    return this.connection.user ?? null
  }

  /** Names what this connection holds in presence and groups. */
  get hold(): string {
    this.#hold ??= this.served.context.newHold()
    return this.#hold
  }

  /** For hooks: `join` and `leave` are about this connection's hold. */
  get channel(): Channel {
    this.#bound ??= this.served.bind(this.hold, (userId) => this.willJoin(userId))
    return this.#bound
  }

  /** Either side began to close: what is being built up is not wanted any more. */
  get over(): boolean {
    return this.connection.ending !== undefined
  }

  endSession(why: SessionEnd): void {
    endSession(this.connection, why)
  }

  revoke(channel: string): void {
    if (channel === this.served.name) this.deny()
  }

  /** The user may not receive the channel, or not any more. */
  deny(): void {
    // One that has its messages was let in.
    if (!this.seat && !this.over) this.denied = true
    this.connection.close(CloseCode.policy, 'not authorized for this channel')
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
        const released = await this.served.release(userId, this.hold, 'disconnected')
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
    this.served.context.report(error, { operation, channel: this.served.name })
  }
}
