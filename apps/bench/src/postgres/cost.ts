// What a run cost in processor time, by who spent it.

import type { Worker } from '@chan/testkit'
import { cpuOfMachine, cpuOfTree } from '../measure/cpu.js'
import { callEach } from './call-each.js'

/** Microseconds of processor time per message; undefined where it cannot be told. */
export interface Cost {
  readonly publisher: number
  readonly subscriber: number
  readonly postgres: number | undefined
  /** Processors that others kept busy meanwhile: 0 on a quiet machine. */
  readonly others: number | undefined
}

export class CostMeter {
  readonly #publishers: readonly Worker[]
  readonly #subscriber: Worker
  readonly #serverPid: number | undefined
  #before: Seen | undefined

  constructor(publishers: readonly Worker[], subscriber: Worker, serverPid: number | undefined) {
    this.#publishers = publishers
    this.#subscriber = subscriber
    this.#serverPid = serverPid
  }

  async start(): Promise<void> {
    this.#before = await this.#look()
  }

  /** What was spent since `start`, for so many messages. */
  async stop(messages: number): Promise<Cost> {
    const after = await this.#look()
    const before = this.#before ?? after
    const publisher = after.publisher - before.publisher
    const subscriber = after.subscriber - before.subscriber
    const postgres = minus(after.postgres, before.postgres)
    const machine = minus(after.machine, before.machine)
    const others =
      machine === undefined || postgres === undefined
        ? undefined
        : Math.max(0, machine - postgres - publisher - subscriber) / (after.at - before.at)
    return {
      publisher: publisher / messages,
      subscriber: subscriber / messages,
      postgres: postgres === undefined ? undefined : postgres / messages,
      others,
    }
  }

  async #look(): Promise<Seen> {
    const usages = await callEach<NodeJS.CpuUsage>([this.#subscriber, ...this.#publishers], 'cpu')
    const [subscriber = 0, ...publishers] = usages.map(({ user, system }) => user + system)
    return {
      at: performance.now() * 1000,
      subscriber,
      publisher: publishers.reduce((sum, one) => sum + one, 0),
      postgres: cpuOfTree(this.#serverPid),
      machine: cpuOfMachine(),
    }
  }
}

/** Microseconds so far. */
interface Seen {
  readonly at: number
  readonly subscriber: number
  readonly publisher: number
  readonly postgres: number | undefined
  readonly machine: number | undefined
}

function minus(after: number | undefined, before: number | undefined): number | undefined {
  return after === undefined || before === undefined ? undefined : after - before
}
