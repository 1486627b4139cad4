// A subscription as an async iterator, with a bounded buffer between the channel and a slow loop.

import { ChanError, type Message } from '../model/message.js'
import { onAbort } from '../model/on-abort.js'
import { refuse } from '../model/option-check.js'
import type { SubscribeOptions } from './subscribe.js'
import type { Subscription } from './subscription.js'

const HIGH_WATER_MARK = 1_000

/** Options of `channel.messages()`. */
export interface MessagesOptions<T = unknown>
  extends Pick<SubscribeOptions<T>, 'signal' | 'since' | 'filterFn' | 'userId' | 'onReset'> {
  /** Messages that may wait for the loop. Default 1,000. */
  readonly highWaterMark?: number | undefined
  /**
   * What a message does that finds the buffer full: `throw` (default) ends the iteration with
   * `buffer-overflow` after what is buffered, `drop-oldest` and `drop-newest` lose one silently.
   */
  readonly overflow?: 'throw' | 'drop-oldest' | 'drop-newest' | undefined
}

/** Starts the subscription behind a stream. */
export type StartStream = (
  push: (message: Message) => void,
  ended: () => void,
  signal: AbortSignal,
) => Promise<Subscription>

/** Messages of a channel, one after another. Leaving the loop unsubscribes. */
export class MessageStream<T = unknown> implements AsyncIterableIterator<Message<T>> {
  /** Settles when delivery is guaranteed, or with why it is not. */
  readonly ready: Promise<Subscription>
  readonly #highWaterMark: number
  readonly #overflow: 'throw' | 'drop-oldest' | 'drop-newest'
  readonly #signal: AbortSignal | undefined
  readonly #off: () => void
  /** Ends the subscription, also while it is being made. */
  readonly #leaving = new AbortController()
  #buffer: Message<T>[] = []
  #waiting: {
    readonly resolve: (result: IteratorResult<Message<T>>) => void
    readonly reject: (reason: unknown) => void
  }[] = []
  #done = false
  #failure: { readonly reason: unknown } | undefined

  /** @internal */
  constructor(options: MessagesOptions<T>, start: StartStream) {
    const { highWaterMark = HIGH_WATER_MARK, overflow = 'throw', signal } = options
    const isCount = Number.isSafeInteger(highWaterMark) && highWaterMark >= 1
    refuse(!isCount, 'highWaterMark', 'a whole number from 1')
    const policies = ['throw', 'drop-oldest', 'drop-newest']
    refuse(!policies.includes(overflow), 'overflow', policies.join(', '))
    this.#highWaterMark = highWaterMark
    this.#overflow = overflow
    this.#signal = signal
    this.#off = onAbort(signal, () => this.#aborted())
    if (signal?.aborted) this.#leaving.abort(signal.reason)
    this.ready = start(
      (message) => this.#push(message as Message<T>),
      () => this.#end(),
      this.#leaving.signal,
    )
    // Whoever only iterates hears of it there.
    this.ready.catch((reason: unknown) => this.#end({ reason }))
  }

  next(): Promise<IteratorResult<Message<T>>> {
    const message = this.#buffer.shift()
    if (message) return Promise.resolve({ done: false, value: message })
    const failure = this.#failure
    if (failure) {
      this.#failure = undefined
      return Promise.reject(failure.reason)
    }
    if (this.#done) return Promise.resolve({ done: true, value: undefined })
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  async return(): Promise<IteratorResult<Message<T>>> {
    this.#buffer = []
    this.#failure = undefined
    this.#end()
    this.#leaving.abort()
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  #push(message: Message<T>): void {
    if (this.#done) return
    const next = this.#waiting.shift()
    if (next) return next.resolve({ done: false, value: message })
    if (this.#buffer.length >= this.#highWaterMark) {
      if (this.#overflow === 'drop-newest') return
      if (this.#overflow === 'throw') {
        this.#end({ reason: overflowed(message.channel, this.#highWaterMark) })
        return this.#leaving.abort()
      }
      this.#buffer.shift()
    }
    this.#buffer.push(message)
  }

  #end(failure?: { readonly reason: unknown }): void {
    if (this.#done) return
    this.#done = true
    this.#failure = failure
    this.#off()
    for (const { resolve, reject } of this.#waiting.splice(0)) {
      if (this.#failure) {
        reject(this.#failure.reason)
        this.#failure = undefined
      } else resolve({ done: true, value: undefined })
    }
  }

  #aborted(): void {
    this.#buffer = []
    this.#end({ reason: this.#signal?.reason })
    this.#leaving.abort(this.#signal?.reason)
  }
}

function overflowed(channel: string, limit: number): ChanError {
  return new ChanError(
    'buffer-overflow',
    `More than ${limit} messages of channel '${channel}' wait for the loop that reads them.`,
    "Read faster, raise highWaterMark, or choose overflow: 'drop-oldest' or 'drop-newest'.",
    { details: { channel, limit } },
  )
}
