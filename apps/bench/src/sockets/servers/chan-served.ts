// What both adapters of Chan serve: a layer in memory with history, one bridge per socket.

import { InMemoryChannelLayer, systemClock } from '@chan/memory'
import type { BridgeOptions } from '@chan/ws'
import { oddMillis } from '../message.js'
import type { Served } from './served.js'

/** In one of the benchmarks clients publish, more than they may by default. */
const PLENTY = { perSecond: 1_000_000, burst: 1_000_000 }
export const PLENTIFUL = { commands: PLENTY, publishes: PLENTY }

export class ChanServed {
  readonly layer: InMemoryChannelLayer
  readonly #closes: number[] = []
  readonly #errors: string[] = []

  constructor() {
    this.layer = new InMemoryChannelLayer({
      clock: { ...systemClock, now: oddMillis },
      onError: (error) => this.#failed(error),
    })
  }

  /** Of all bridges, so that none has anything of its own. */
  readonly options: BridgeOptions = {
    sendHistory: false,
    onDisconnect: (_channel, { code }) => this.#closes.push(code),
  }

  on(port: number): Served {
    return {
      port,
      size: () => this.layer.stats().subscribers,
      publish: (room, data) => {
        this.layer.channel(room).publish(data).catch(this.#failed)
      },
      closes: () => this.#closes,
      errors: () => this.#errors,
    }
  }

  readonly #failed = (error: unknown): void => {
    this.#errors.push(String(error))
  }
}
