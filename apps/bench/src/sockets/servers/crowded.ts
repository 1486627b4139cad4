// What both adapters of Chan serve to a crowd of stalled readers: a layer on PostgreSQL, and a channel
// with a history of large messages. Those who are well get a second channel of small ones besides.

import { type Channel, PgChannelLayer } from '@chan/postgres'
import { type ChannelSocket, websocketChannelHandler } from '@chan/ws'
import { nowMicros } from '../../measure/clock.js'
import { paddingFor } from '../../measure/numbered-message.js'
import { type Data, stampAt } from '../message.js'
import { type CrowdedSetup, type CrowdedStats, WELL } from './crowded-setup.js'
import { LiveTraffic } from './live-traffic.js'
import { QueryCounter } from './query-counter.js'
import type { Served } from './served.js'

/** Nobody is given up for being stalled, however slow the machine is, and the log reaches back. */
const LONG_MS = 600_000
export const PATIENT = { stallTimeoutMs: LONG_MS }

export class Crowded {
  readonly #layer: PgChannelLayer
  readonly #large: Channel<Data>
  readonly #small: Channel<Data>
  readonly #pad: string
  readonly #history: number
  readonly #queries = new QueryCounter(/read_log|history_range/)
  readonly #stalled = new Set<ChannelSocket>()
  readonly #closes: number[] = []
  readonly #errors: string[] = []
  #top = 0

  private constructor({ databaseUrl, slowConsumer, history, largeBytes }: CrowdedSetup) {
    this.#pad = paddingFor(largeBytes, 0)
    this.#history = history
    this.#layer = new PgChannelLayer({
      databaseUrl,
      recoveryMs: LONG_MS,
      onError: (error) => this.#failed(error),
    })
    this.#large = this.#layer.channel('large', { slowConsumer, maxHistory: history })
    this.#small = this.#layer.channel('small')
  }

  static async open(setup: CrowdedSetup): Promise<Crowded> {
    const crowded = new Crowded(setup)
    await crowded.#layer.connect()
    return crowded
  }

  static setup(): CrowdedSetup {
    return JSON.parse(process.argv[2] ?? '{}')
  }

  /** Serves one socket until it ends. */
  async serve(socket: ChannelSocket, room: string): Promise<void> {
    const isWell = room === WELL
    if (isWell) await socket.forward(this.#small)
    else this.#stalled.add(socket)
    const { code } = await websocketChannelHandler(socket, this.#large, { sendHistory: !isWell })
    this.#stalled.delete(socket)
    this.#closes.push(code)
  }

  on(port: number): Served {
    const live = new LiveTraffic((isLarge, dueAt) => this.#publish(isLarge, dueAt))
    return {
      port,
      size: () => this.#layer.stats().subscribers,
      publish: () => {
        this.#publish(false, nowMicros()).catch(this.#failed)
      },
      closes: () => this.#closes,
      errors: () => this.#errors,
      methods: {
        /** So many large messages that history shows. */
        fill: async () => {
          for (let n = 0; n < this.#history; n++) await this.#publish(true, nowMicros())
        },
        startLive: (everyMs: number, largeEvery: number) => live.start(everyMs, largeEvery),
        stopLive: () => live.stop(),
        /** The offset of the last large message that is stored. */
        top: () => this.#top,
        stats: (): CrowdedStats => {
          const waiting = [...this.#stalled].map(({ bufferedBytes }) => bufferedBytes)
          return {
            reads: this.#queries.count,
            stalled: waiting.filter((bytes) => bytes > 0).length,
            waiting: waiting.reduce((sum, bytes) => sum + bytes, 0),
          }
        },
      },
    }
  }

  async #publish(isLarge: boolean, dueAt: number): Promise<void> {
    const t = stampAt(dueAt)
    if (!isLarge) return void (await this.#small.publish({ t }))
    const { offset = 0 } = await this.#large.publish({ t, pad: this.#pad })
    this.#top = Math.max(this.#top, offset)
  }

  readonly #failed = (error: unknown): void => {
    this.#errors.push(String(error))
  }
}
