// A member's publishing: so many messages a second, unawaited, and what became of each.
import { isChanError, type Position } from '../../../src/index.js'
import type { PgChannelLayer } from '../../../src/layer.js'
import { Lateness } from '../../timing/lateness.js'
import { bodyOf } from './bodies.js'

export interface LoadOptions {
  readonly channels: readonly string[]
  readonly perSecond: number
  /** Give each publish an id, and publish again under it what was rejected. */
  readonly retry: boolean
}

/** A publish and its outcome. */
export interface Attempt {
  readonly publisher: string
  readonly seq: number
  readonly channel: string
  /** What it was rejected with; several where it was tried again. */
  readonly codes: string[]
  /** Where it was stored, if it finally resolved. */
  stored: Position | undefined
}

const TICK_MS = 20
const RETRY_MS = 50

export class Load {
  readonly #layer: PgChannelLayer
  readonly #publisher: string
  readonly #lateness = new Lateness()
  readonly #attempts: Attempt[] = []
  readonly #open = new Set<Promise<void>>()
  #timer: ReturnType<typeof setInterval> | undefined
  #options: LoadOptions = { channels: [], perSecond: 0, retry: false }
  #next = 0
  #retries = true
  /** The longest that a publish took to settle, in milliseconds. */
  slowestMs = 0

  constructor(layer: PgChannelLayer, publisher: string) {
    this.#layer = layer
    this.#publisher = publisher
  }

  /** How late this process's own timers were at worst, in milliseconds. */
  get latenessMs(): number {
    return this.#lateness.worstMs
  }

  get settled(): number {
    return this.#attempts.length - this.#open.size
  }

  start(options: LoadOptions): void {
    this.#options = options
    this.#lateness.start()
    const began = performance.now()
    const already = this.#next
    this.#timer = setInterval(() => {
      const due = already + ((performance.now() - began) * options.perSecond) / 1000
      while (this.#next < due) this.#publish(this.#next++)
    }, TICK_MS)
  }

  /** Publishes no more, and waits for what is open: with its retries, or without any more of them. */
  async stop(retries: boolean): Promise<void> {
    clearInterval(this.#timer)
    this.#retries = retries
    while (this.#open.size > 0) await Promise.all(this.#open)
    this.#lateness.stop()
  }

  /** A last message in each channel, which must be stored. Answers where they are. */
  async mark(): Promise<readonly (readonly [channel: string, place: Position])[]> {
    const { channels } = this.#options
    return Promise.all(
      channels.map(async (channel, index) => {
        const attempt = this.#newAttempt(-1 - index, channel)
        while (!attempt.stored) await this.#try(attempt, true)
        return [channel, attempt.stored] as const
      }),
    )
  }

  get attempts(): readonly Attempt[] {
    return this.#attempts
  }

  #newAttempt(seq: number, channel: string): Attempt {
    const attempt = { publisher: this.#publisher, seq, channel, codes: [], stored: undefined }
    this.#attempts.push(attempt)
    return attempt
  }

  #publish(seq: number): void {
    const { channels, retry } = this.#options
    const attempt = this.#newAttempt(seq, channels[seq % channels.length] as string)
    const done = this.#see(attempt, retry).finally(() => this.#open.delete(done))
    this.#open.add(done)
  }

  async #see(attempt: Attempt, retry: boolean): Promise<void> {
    do await this.#try(attempt, retry)
    while (retry && this.#retries && !attempt.stored)
  }

  async #try(attempt: Attempt, withId: boolean): Promise<void> {
    const { publisher, seq, channel } = attempt
    const id = withId ? `${publisher} ${seq}` : undefined
    const began = performance.now()
    try {
      const stamp = { sender: publisher, ...(id !== undefined && { id }) }
      const { epoch, offset } = await this.#layer.channel(channel).publish(bodyOf(seq), stamp)
      attempt.stored = { epoch: epoch as string, offset: offset as number }
    } catch (error) {
      attempt.codes.push(isChanError(error) ? error.code : String(error))
      if (withId) await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    } finally {
      this.slowestMs = Math.max(this.slowestMs, performance.now() - began)
    }
  }
}
