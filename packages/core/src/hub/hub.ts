// The heart of a layer: the rooms of this process, the way in from the backend (the sink), and the
// order in which everything closes.

import type { Clock, Timer } from '../model/clock.js'
import type { Message } from '../model/message.js'
import type { SlowConsumerCounts } from '../model/slow-consumer.js'
import type { BackendSink, ChannelBackend } from '../ports/backend.js'
import type { ServingContext } from '../ports/connections.js'
import { type ErrorListener, safeReporter } from './context.js'
import { DeliveryQueue } from './delivery-queue.js'
import { Flights } from './flights.js'
import { InterestReporter } from './interest.js'
import { Lifecycle, layerClosed } from './lifecycle.js'
import { Publisher } from './publisher.js'
import { Reads } from './reads.js'
import { Room, type RoomParts } from './room.js'
import { CONTROL_CHANNEL, type Listening, Sessions } from './sessions.js'
import { Transactions } from './transactions.js'

const LINGER_MS = 2_000
const INTEREST_INTERVAL_MS = 1_000
const CLOSE_DEADLINE_MS = 10_000

/** @internal */
export class Hub implements ServingContext {
  readonly backend: ChannelBackend
  readonly clock: Clock
  readonly queue: DeliveryQueue
  readonly lifecycle: Lifecycle
  readonly publisher: Publisher
  readonly transactions: Transactions
  readonly interest: InterestReporter
  readonly sessions: Sessions
  readonly report: ErrorListener
  /** What users' own code has to answer first; rejected when the layer has closed. */
  readonly waits = new Flights()
  readonly slowConsumers: SlowConsumerCounts = {
    ...{ disconnected: 0, caughtUp: 0, dropped: 0, conflated: 0 },
  }
  /** Messages that came from the backend, this process's own included. */
  received = 0
  /** Times the backend said that something may be missing, in all and by cause. */
  gaps = 0
  readonly gapsBy = { 'connection-lost': 0, reference: 0, 'lost-doorbell': 0, overflow: 0 }
  readonly rooms: RoomParts
  readonly #rooms = new Map<string, Room>()
  readonly #draining: (() => Promise<void>)[] = []
  readonly #drained: (() => void)[] = []
  #holds = 0

  constructor(backend: ChannelBackend, clock: Clock, onError: ErrorListener) {
    this.backend = backend
    this.clock = clock
    this.report = safeReporter(onError)
    this.queue = new DeliveryQueue(clock)
    this.lifecycle = new Lifecycle(
      () => backend.open({ sink: this.#makeSink(), clock }),
      () => this.#shutDown(),
      (error) => this.report(error, { operation: 'onStatus' }),
    )
    this.publisher = new Publisher(backend, this.lifecycle, this.queue, (message) =>
      this.#rooms.get(message.channel)?.committed(message),
    )
    this.transactions = new Transactions(backend, this.lifecycle, () =>
      backend.facts.crossProcess ? undefined : this.queue.caughtUp(),
    )
    this.interest = new InterestReporter(
      backend,
      clock,
      backend.facts.crossProcess ? INTEREST_INTERVAL_MS : 0,
      (error) => this.report(error, { operation: 'interest' }),
    )
    this.closing.addEventListener('abort', () => this.sessions.endAll('closing'), { once: true })
    this.sessions = new Sessions({
      listen: (onMessage, onReset) => this.#listenToControl(onMessage, onReset),
      publish: (command) => this.publisher.publishControl(CONTROL_CHANNEL, command, clock),
    })
    this.rooms = {
      ...{ backend, clock, queue: this.queue, interest: this.interest, report: this.report },
      reads: new Reads(backend),
      closing: this.closing,
      lingerMs: backend.facts.crossProcess ? LINGER_MS : 0,
      resets: 0,
    }
  }

  get closing(): AbortSignal {
    return this.lifecycle.closing
  }

  /** Channels in use in this process. */
  get roomCount(): number {
    return this.#rooms.size - (this.#rooms.has(CONTROL_CHANNEL) ? 1 : 0)
  }

  newHold(): string {
    return `hold-${++this.#holds}`
  }

  /** Is waited for when the layer closes, before it is known what was published. */
  onDraining(task: () => Promise<void>): void {
    this.#draining.push(task)
  }

  /** Runs when the layer closes and everything published was delivered. */
  onDrained(task: () => void): void {
    this.#drained.push(task)
  }

  /**
   * A watched room with one more user; whoever gets it releases its watch.
   * @throws {ChanError} what the backend refuses the watch with
   */
  async enterRoom(channel: string): Promise<Room> {
    let room = this.#rooms.get(channel)
    if (!room) {
      room = new Room(channel, this.rooms, this.#forget)
      this.#rooms.set(channel, room)
    }
    const watched = room.watch.acquire()
    if (watched) await watched
    return room
  }

  localSubscribers(channel: string): number {
    return this.#rooms.get(channel)?.subscribers.size ?? 0
  }

  totalLocalSubscribers(): number {
    let total = 0
    for (const room of this.#rooms.values()) {
      if (room.name !== CONTROL_CHANNEL) total += room.subscribers.size
    }
    return total
  }

  #makeSink(): BackendSink {
    return {
      deliver: (channel, message) => {
        const room = this.#rooms.get(channel)
        if (!room) return
        this.received++
        this.queue.push(room, message)
      },
      presence: (channel, change) => {
        const room = this.#rooms.get(channel)
        if (room && room.presenceListeners.size > 0) this.queue.run(() => room.presence(change))
      },
      gap: (channel, cause) => {
        this.gaps++
        this.gapsBy[cause]++
        if (channel !== null) this.#rooms.get(channel)?.gap(cause)
        else for (const room of [...this.#rooms.values()]) room.gap(cause)
      },
      status: (state, error) => this.lifecycle.announce(state, error),
      report: (error) => this.report(error, { operation: 'backend' }),
    }
  }

  readonly #forget = (room: Room): void => {
    this.#rooms.delete(room.name)
  }

  #listenToControl(onMessage: (message: Message) => void, onReset: () => void): Listening {
    // Sessions that begin now are ended by whoever begins them.
    if (this.closing.aborted) return { ready: Promise.resolve(), stop: () => {} }
    let leave: (() => void) | undefined
    let stopped = false
    const start = async () => {
      await this.lifecycle.ready()
      const room = await this.enterRoom(CONTROL_CHANNEL)
      const subscriber = room.attach({ callback: onMessage, onReset }, { userId: null })
      leave = () => {
        room.detach(subscriber)
        room.watch.release()
      }
      if (stopped) leave()
    }
    const ready = start().catch((error: unknown) => {
      this.report(error, { operation: 'control' })
      // Without the control channel nobody could be disconnected from elsewhere.
      if (!stopped) onReset()
    })
    const stop = () => {
      stopped = true
      leave?.()
    }
    return { ready, stop }
  }

  async #shutDown(): Promise<void> {
    await this.#withDeadline(this.#drain())
    this.lifecycle.abandonOpening()
    this.transactions.abandon(layerClosed())
    this.publisher.abandon(layerClosed())
    this.waits.abandon(layerClosed())
    for (const task of this.#drained) task()
    for (const room of this.#rooms.values()) room.close()
    this.#rooms.clear()
    this.interest.close()
    await this.#withDeadline(this.backend.close())
  }

  async #drain(): Promise<void> {
    // Sessions release what they hold while there is still a backend to release it in.
    await this.lifecycle.opened()
    await this.sessions.empty()
    await Promise.all(this.#draining.map((task) => task()))
    await this.transactions.settled()
    await this.publisher.settled()
    await this.queue.caughtUp()
    await Promise.all([...this.#rooms.values()].map((room) => room.settled()))
  }

  async #withDeadline(task: Promise<void>): Promise<void> {
    let timer: Timer | undefined
    const expired = new Promise<void>((resolve) => {
      timer = this.clock.after(CLOSE_DEADLINE_MS, resolve)
    })
    try {
      await Promise.race([task, expired])
    } finally {
      timer?.cancel()
    }
  }
}
