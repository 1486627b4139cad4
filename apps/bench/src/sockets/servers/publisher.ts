// Publishes by turns of the event loop, no further ahead of the clients than allowed.

import { setImmediate as nextTurn } from 'node:timers/promises'
import { nowMicros } from '../../measure/clock.js'
import { type Data, stampNow } from '../message.js'
import type { Served } from './served.js'

export interface Plan {
  readonly room: string
  readonly turns: number
  /** Messages in each turn. */
  readonly perTurn: number
  /** Who gets each message. */
  readonly receivers: number
  /** Turns that may be undelivered. */
  readonly window: number
  /** Makes messages larger. */
  readonly pad: string
}

export interface Published {
  /** When the first was published, by `nowMicros`. */
  readonly beganAt: number
  /** Processor time until the clients had everything, in microseconds. */
  readonly cpu: number
  readonly rss: number
}

export class Publisher {
  readonly #served: Served
  #acked = 0
  #wake: (() => void) | undefined

  constructor(served: Served) {
    this.#served = served
  }

  acked(deliveries: number): void {
    this.#acked = deliveries
    this.#wake?.()
  }

  async run({ room, turns, perTurn, receivers, window, pad }: Plan): Promise<Published> {
    const served = this.#served
    const perAck = perTurn * receivers
    this.#acked = 0
    const beganAt = nowMicros()
    const before = process.cpuUsage()
    for (let turn = 0; turn < turns; turn++) {
      while (turn - this.#acked / perAck >= window) await this.#woken()
      for (let message = 0; message < perTurn; message++) {
        const data: Data = pad ? { t: stampNow(), pad } : { t: stampNow() }
        served.publish(room, data)
      }
      served.endTurn?.()
      await nextTurn()
    }
    while (this.#acked < turns * perAck) await this.#woken()
    const { user, system } = process.cpuUsage(before)
    return { beganAt, cpu: user + system, rss: process.memoryUsage.rss() }
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }
}
