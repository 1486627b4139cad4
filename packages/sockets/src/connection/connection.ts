// One connection, from the upgrade to its end: what the adapter calls, and what the rest of core
// does with a socket. It ends once; whoever depends on it hears of that once.

import type { Clock, SlowConsumer, Timer } from '@chan/core/connections'
import { ChanError, CloseCode, type Message } from '@chan/protocol'
import type { Socket, SocketHandler } from '../port/port.js'
import { closeReason } from './close-reason.js'
import type { CoarseTimers } from './coarse-timers.js'
import { connectionId } from './connection-id.js'
import { Heartbeat, type Pulse } from './heartbeat.js'
import { type FrameConsumer, Inbox } from './inbox.js'
import type { ConnectionLimits, SocketDurations } from './limits.js'
import { Outbox, type OutboxOwner } from './outbox.js'
import { exceeds } from './payload-size.js'
import { TokenBucket } from './token-bucket.js'
import type { Turn } from './turn.js'

/** What the connections of one router share. */
export interface ConnectionHome {
  readonly clock: Clock
  readonly timers: CoarseTimers
  readonly durations: SocketDurations
  /** Gathers what is sent to them. */
  readonly turn: Turn
  /** Hears that the adapter has let go of one. */
  gone(connection: Connection): void
}

/** Whoever uses a connection as a whole: a bridge. */
export interface ConnectionOwner {
  /** Told once, before everybody else. */
  connectionEnded(ending: Ending): void
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

/** How a connection ended: the code and reason of whoever began to close it. */
export interface Ending {
  /** 1005 without a status in the peer's close frame, 1006 without a close frame. */
  readonly code: number
  readonly reason: string
}

class Departure {
  readonly made: Promise<void>
  make: () => void = () => {}

  constructor() {
    this.made = new Promise((resolve) => {
      this.make = resolve
    })
  }
}

/** @internal Most connections are quiet: what a quiet one does not need is made when it is needed. */
export class Connection implements SocketHandler, Pulse, OutboxOwner {
  readonly home: ConnectionHome
  readonly limits: ConnectionLimits
  readonly outbox: Outbox
  readonly #number: number
  readonly #heartbeat: Heartbeat
  #inbox: Inbox | undefined
  #consumer: FrameConsumer | undefined
  #commands: TokenBucket | undefined
  #owner: ConnectionOwner | undefined
  #onEnd: Set<(ending: Ending) => void> | undefined
  #departure: Departure | undefined
  #ending: Ending | undefined
  #closing: Timer | undefined
  #user: string | null | undefined
  #channels = 0

  /** @param number counts the connections of this process */
  constructor(number: number, socket: Socket, limits: ConnectionLimits, home: ConnectionHome) {
    this.home = home
    this.limits = limits
    this.#number = number
    this.outbox = new Outbox(socket, home.turn, this)
    this.#heartbeat = new Heartbeat(this)
  }

  get id(): string {
    return connectionId(this.#number)
  }

  get maxBufferedBytes(): number {
    return this.limits.maxBufferedBytes
  }

  /** Resolves when the adapter has let go of the socket. */
  get gone(): Promise<void> {
    this.#departure ??= new Departure()
    return this.#departure.made
  }

  /** Set from the moment either side began to close. */
  get ending(): Ending | undefined {
    return this.#ending
  }

  /** Calls back once, at once if the connection ended before. Answers how to take it back. */
  onEnd(listener: (ending: Ending) => void): () => void {
    if (this.#ending) {
      listener(this.#ending)
      return () => {}
    }
    this.#onEnd ??= new Set()
    this.#onEnd.add(listener)
    return () => {
      this.#onEnd?.delete(listener)
      if (this.#onEnd?.size === 0) this.#onEnd = undefined
    }
  }

  /** As whom the socket is bridged; undefined if it is not. */
  get user(): string | null | undefined {
    return this.#user
  }

  /** Makes the caller the only consumer of incoming frames. */
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

  /** Counts a channel that this connection receives; `leaveChannel` takes it back. */
  enterChannel(): void {
    const limit = this.limits.maxChannels
    if (this.#channels >= limit) {
      throw new ChanError(
        'limit-reached',
        `This socket receives ${limit} channels already.`,
        "Unsubscribe forwards that are no longer needed, or raise 'maxChannels'.",
        { details: { limit } },
      )
    }
    this.#channels++
  }

  leaveChannel(): void {
    this.#channels--
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

  /** Sends a channel's message, together with the others of this turn. */
  push(message: Message, slow: SlowConsumer): void {
    this.outbox.push(this.home.turn.frameOf(message, slow))
  }

  /** Starts the closing handshake; a peer that does not finish it is dropped. */
  close(code: number, reason: string): void {
    if (this.#ending) return
    const ending = { code, reason: closeReason(reason) }
    this.#ending = ending
    // What the peer sent before is not handled any more: it is being turned away.
    this.#inbox?.close()
    this.#closing = this.home.timers.after(this.home.durations.closeTimeoutMs, () => {
      this.outbox.socket.terminate()
    })
    this.outbox.flush()
    this.outbox.socket.close(code, ending.reason)
    this.#end(ending)
  }

  /** Drops the connection. */
  terminate(reason: string): void {
    const ending = { code: 1006, reason }
    this.#ending ??= ending
    this.outbox.socket.terminate()
    this.#end(ending)
  }

  message(data: string | Uint8Array): void {
    this.#heartbeat.heard()
    if (this.#ending) return
    if (typeof data !== 'string') {
      return this.close(CloseCode.binaryRefused, 'binary frames are not understood')
    }
    if (exceeds(data, this.limits.maxPayloadBytes)) {
      return this.close(CloseCode.tooLarge, 'message too large')
    }
    this.#commands ??= new TokenBucket(this.limits.commands, this.home.clock)
    if (!this.#commands.take()) return this.close(CloseCode.policy, 'too many frames per second')
    if (!this.#madeInbox().push(data))
      return this.close(CloseCode.policy, 'too many frames waiting')
  }

  pong(): void {
    this.#heartbeat.heard()
  }

  drain(): void {
    this.outbox.drain()
  }

  closed(code: number, reason: string): void {
    this.#closing?.cancel()
    this.#end({ code, reason })
    this.#departure ??= new Departure()
    this.#departure.make()
    this.home.gone(this)
  }

  ping(): void {
    this.outbox.socket.ping()
  }

  dead(): void {
    this.terminate('heartbeat timeout')
  }

  tooSlow(): boolean {
    if (this.#ending) return false
    this.close(CloseCode.slowConsumer, 'slow consumer')
    return true
  }

  #madeInbox(): Inbox {
    if (!this.#inbox) {
      this.#inbox = new Inbox(this.limits)
      if (this.#consumer) this.#inbox.open(this.#consumer)
    }
    return this.#inbox
  }

  #end(ending: Ending): void {
    this.#ending ??= ending
    this.#heartbeat.stop()
    this.outbox.end()
    const [owner, listeners] = [this.#owner, this.#onEnd]
    this.#owner = undefined
    this.#onEnd = undefined
    owner?.connectionEnded(this.#ending)
    if (listeners) for (const listener of listeners) listener(this.#ending)
  }
}
