// What several layers of one process share: to them it is what a database is to several processes.

import type { BackendContext, Clock } from '@chan/core/backend'
import { type BusLimitOptions, type BusLimits, busLimits } from './bus-limits.js'
import { Exchange } from './exchange.js'
import { Member } from './member.js'

/** What `new InMemoryBus` takes. */
export interface InMemoryBusOptions extends BusLimitOptions {
  /** Where the bus gets its time from. Default: the clock of the first layer that connects. */
  readonly clock?: Clock | undefined
}

/**
 * A cluster in one process: layers that share a bus see each other's messages, history, presence and
 * groups, as processes that share a database do. Everything on it is gone with the process.
 */
export class InMemoryBus {
  readonly #limits: BusLimits
  readonly #clock: Clock | undefined
  #exchange: Exchange | undefined
  // By layer and by backend, so that a test may name either.
  readonly #members = new WeakMap<object, Member>()
  readonly #owners = new WeakMap<object, object>()

  /** @throws {ChanError} `invalid-option` for a limit that is not a number from 0 */
  constructor(options: InMemoryBusOptions = {}) {
    this.#limits = busLimits(options)
    this.#clock = options.clock
  }

  /**
   * For tests: ends a layer (or backend) of this bus as `kill -9` ends a process. It says no goodbye:
   * its users leave as `timed-out`, its calls reject, none of its callbacks runs any more. One that
   * is not connected is left alone.
   */
  crash(layer: object): void {
    const member = this.#members.get(this.#owners.get(layer) ?? layer)
    if (member?.alive) this.leave(member, 'timed-out')
  }

  /** @internal */
  join(backend: object, { sink, clock }: BackendContext): Membership {
    this.#exchange ??= new Exchange(this.#limits, this.#clock ?? clock)
    const member = new Member(sink)
    this.#members.set(backend, member)
    return { exchange: this.#exchange, member }
  }

  /** @internal A crash of `layer` is one of `backend`. */
  own(layer: object, backend: object): void {
    this.#owners.set(layer, backend)
  }

  /** @internal */
  leave(member: Member, reason: 'disconnected' | 'timed-out'): void {
    member.end()
    this.#exchange?.removeMember(member, reason)
  }
}

/** @internal A backend's place on a bus. */
export interface Membership {
  readonly exchange: Exchange
  readonly member: Member
}
