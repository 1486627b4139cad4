// One connection, from the upgrade to its end: what the adapter calls, and what the rest of the package
// does with a socket.

import { ChanError, CloseCode } from '@chan/protocol'
import type { Socket, SocketHandler } from '../port/port.js'
import { connectionId } from './connection-id.js'
import { Heartbeat } from './heartbeat.js'
import type { Home } from './home.js'
import { type FrameConsumer, Inbox } from './inbox.js'
import type { ConnectionLimits } from './limits.js'
import { type Ending, Line } from './line.js'
import { CONTROL_BYTES, Outbox } from './outbox.js'
import { exceeds } from './payload-size.js'

/** Whoever uses a connection as a whole: a bridge. */
export interface ConnectionOwner {
  /** Told once, before everybody else. */
  connectionEnded(ending: Ending): void
  /** Whether a frame that came may be handled. Whoever says no has told the peer why, or closed. */
  takes(text: string): boolean
  /**
   * Told once, when the server begins to go away: has the peer connect elsewhere and then leave by
   * itself. Owners without it have their connections closed.
   */
  goAway?(drain: GoAway): void
}

/** How long a peer may take to leave a server that goes away, in milliseconds. */
export interface GoAway {
  /** Within it the peer opens its next connection, so that not all do at once. */
  readonly spreadMs: number
  /** After it the connection is closed. */
  readonly graceMs: number
}

/** @internal */
export class Connection extends Line implements SocketHandler {
  readonly outbox: Outbox
  readonly #number: number
  readonly #heartbeat: Heartbeat
  #inbox: Inbox | undefined
  #consumer: FrameConsumer | undefined
  #owner: ConnectionOwner | undefined
  #user: string | null | undefined

  /** @param number counts the connections of this process */
  constructor(number: number, socket: Socket, limits: ConnectionLimits, home: Home) {
    super(socket, limits, home)
    this.#number = number
    this.outbox = new Outbox(this)
    this.#heartbeat = new Heartbeat(this)
  }

  get id(): string {
    return connectionId(this.#number)
  }

  /** As whom the socket is bridged; undefined if it is not. */
  get user(): string | null | undefined {
    return this.#user
  }

  /** Makes the caller the only one who decides about incoming frames. */
  claim(user: string | null, owner: ConnectionOwner): void {
    if (this.#user !== undefined) {
      throw new ChanError(
        'invalid-option',
        'This socket is bridged already.',
        'Call websocketChannelHandler once per socket; use socket.forward for further channels.',
      )
    }
    this.#user = user
    this.#owner = owner
  }

  /** Tells the owner that the server goes away. Answers whether there is one that sees to it. */
  goAway(drain: GoAway): boolean {
    if (!this.#owner?.goAway) return false
    this.#owner.goAway(drain)
    return true
  }

  /** Hands over incoming frames: those that wait, and whatever comes. */
  consume(consumer: FrameConsumer): void {
    this.#consumer = consumer
    this.#inbox?.open(consumer)
  }

  /** Resolves when no frame is being consumed and none waits for it. */
  async consumed(): Promise<void> {
    await this.#inbox?.idle()
  }

  /** Drops frames that wait; what is being consumed goes on. */
  dropFrames(): void {
    this.#inbox?.close()
  }

  message(data: string | Uint8Array): void {
    this.#heartbeat.heard()
    if (this.ending) return
    if (typeof data !== 'string') {
      return this.close(CloseCode.binaryRefused, 'binary frames are not understood')
    }
    if (exceeds(data, this.limits.maxPayloadBytes)) {
      return this.close(CloseCode.tooLarge, 'message too large')
    }
    if (this.#owner && !this.#owner.takes(data)) return
    if (!this.#madeInbox().push(data)) this.close(CloseCode.policy, 'too many frames waiting')
  }

  /** S11: whoever pings without end and reads nothing is closed, and dropped if it goes on. */
  ping(): void {
    this.#heartbeat.heard()
    const { bufferedBytes } = this.socket
    if (bufferedBytes <= this.limits.maxBufferedBytes + CONTROL_BYTES) return
    if (!this.tooSlow()) this.terminate('slow consumer')
  }

  pong(): void {
    this.#heartbeat.heard()
  }

  drain(): void {
    this.outbox.drain()
  }

  /** Settles like the work, or resolves to nothing when either side begins to close. */
  untilEnded<T>(work: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const forget = this.onEnd(() => resolve(undefined))
      work.finally(forget).then(resolve, reject)
    })
  }

  protected override beforeClose(): void {
    // What the peer sent before is not handled any more: it is being turned away.
    this.#inbox?.close()
    this.outbox.flush()
  }

  protected override afterEnd(ending: Ending): void {
    this.#heartbeat.stop()
    this.outbox.end()
    const owner = this.#owner
    this.#owner = undefined
    owner?.connectionEnded(ending)
  }

  #madeInbox(): Inbox {
    if (!this.#inbox) {
      this.#inbox = new Inbox(this.limits)
      if (this.#consumer) this.#inbox.open(this.#consumer)
    }
    return this.#inbox
  }
}
