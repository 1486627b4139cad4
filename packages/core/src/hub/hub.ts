// The heart of a layer: the rooms of this process, the way in from the backend (the sink), and the
// order in which everything closes.

import type { Clock, Timer } from '../model/clock.js'
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
import { Rooms } from './rooms.js'
import { Sessions } from './sessions.js'
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
  readonly rooms: Rooms
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
      this.rooms.get(message.channel)?.committed(message),
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
    this.rooms = new Rooms({
      ...{ backend, clock, queue: this.queue, interest: this.interest, report: this.report },
      reads: new Reads(backend),
      closing: this.closing,
      lingerMs: backend.facts.crossProcess ? LINGER_MS : 0,
      resets: 0,
    })
    this.sessions = new Sessions(this, this.report)
    this.closing.addEventListener('abort', () => this.sessions.endAll(), { once: true })
  }

  get closing(): AbortSignal {
    return this.lifecycle.closing
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

  #makeSink(): BackendSink {
    return {
      deliver: (channel, message) => {
        const room = this.rooms.get(channel)
        if (!room) return
        this.received++
        this.queue.push(room, message)
      },
      presence: (channel, change) => {
        const room = this.rooms.get(channel)
        if (room && room.presenceListeners.size > 0) this.queue.run(() => room.presence(change))
      },
      gap: (channel, cause) => {
        this.gaps++
        this.gapsBy[cause]++
        if (channel !== null) this.rooms.get(channel)?.gap(cause)
        else for (const room of this.rooms.all()) room.gap(cause)
      },
      status: (state, error) => this.lifecycle.announce(state, error),
      report: (error) => this.report(error, { operation: 'backend' }),
    }
  }

  async #shutDown(): Promise<void> {
    await this.#withDeadline(this.#drain())
    this.lifecycle.abandonOpening()
    this.transactions.abandon(layerClosed())
    this.publisher.abandon(layerClosed())
    this.waits.abandon(layerClosed())
    for (const task of this.#drained) task()
    this.sessions.close()
    this.rooms.close()
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
    await this.rooms.settled()
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
