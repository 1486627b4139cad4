// A subscription as an async iterator, with a bounded buffer between the channel and a slow loop.

import type { Pace } from '../hub/recovery.js'
import { Latch } from '../model/latch.js'
import { ChanError, type Message, type PermissionError } from '../model/message.js'
import { onAbort } from '../model/on-abort.js'
import { refuse } from '../model/option-check.js'
import { Ring } from '../model/ring.js'
import type { SubscribeOptions } from './subscribe.js'
import type { Subscription } from './subscription.js'

const HIGH_WATER_MARK = 1_000

/** Options of `channel.messages()`. */
export interface MessagesOptions<T = unknown>
  extends Pick<SubscribeOptions<T>, 'signal' | 'since' | 'filterFn' | 'userId' | 'onReset'> {
  /** Live messages that may wait for the loop; of `since`, as many more are read ahead. Default 1,000. */
  readonly highWaterMark?: number | undefined
  /**
   * What a live message does that finds the buffer full: `throw` (default) ends the iteration with
   * `buffer-overflow` after what is buffered, `drop-oldest` and `drop-newest` lose one silently.
   */
  readonly overflow?: 'throw' | 'drop-oldest' | 'drop-newest' | undefined
}

/** What a stream gives to the subscription behind it. */
export interface StreamEnd {
  readonly callback: (message: Message) => void
  readonly ended: (denied?: PermissionError) => void
  readonly signal: AbortSignal
  /** What is read for it comes as fast as the loop takes it. */
  readonly pace: Pace
}

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
  #buffer = new Ring<Message<T>>()
  /** How many of the buffer were read for the loop: those at its beginning. */
  #read = 0
  /** What comes is read, not live: the subscription has asked for room. */
  #reading = false
  readonly #taken = new Latch()
  readonly #waiting = new Ring<{
    readonly resolve: (result: IteratorResult<Message<T>>) => void
    readonly reject: (reason: unknown) => void
  }>()
  #done = false
  #failure: { readonly reason: unknown } | undefined

  /** @internal */
  constructor(options: MessagesOptions<T>, subscribe: (end: StreamEnd) => Promise<Subscription>) {
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
    this.ready = subscribe({
      callback: (message) => this.#push(message as Message<T>),
      ended: (denied) => this.#ended(denied),
      signal: this.#leaving.signal,
      pace: { room: () => this.#room() },
    })
    // Whoever only iterates hears of it there.
    this.ready.catch((reason: unknown) => this.#end({ reason }))
  }

  next(): Promise<IteratorResult<Message<T>>> {
    const message = this.#take()
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
    this.#buffer.clear()
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

  /** Asked before each message that is read; one that fits follows at once. */
  #room(): Promise<void> | undefined {
    if (this.#buffer.length >= this.#highWaterMark) return this.#taken.wait()
    this.#reading = true
    return undefined
  }

  #take(): Message<T> | undefined {
    const message = this.#buffer.shift()
    if (this.#read > 0) this.#read--
    // Not at each one, so that pages are read and not single messages.
    if (this.#buffer.length <= this.#highWaterMark / 2) this.#taken.open()
    return message
  }

  #push(message: Message<T>): void {
    if (this.#done) return
    const isRead = this.#reading
    this.#reading = false
    const next = this.#waiting.shift()
    if (next) return next.resolve({ done: false, value: message })
    if (isRead) this.#read++
    else if (this.#buffer.length - this.#read >= this.#highWaterMark) {
      if (this.#overflow === 'drop-newest') return
      if (this.#overflow === 'throw') {
        this.#end({ reason: overflowed(message.channel, this.#highWaterMark) })
        return this.#leaving.abort()
      }
      this.#take()
    }
    this.#buffer.push(message)
  }

  #end(failure?: { readonly reason: unknown }): void {
    if (this.#done) return
    this.#done = true
    this.#failure = failure
    this.#off()
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      if (this.#failure) {
        next.reject(this.#failure.reason)
        this.#failure = undefined
      } else next.resolve({ done: true, value: undefined })
    }
  }

  #ended(denied: PermissionError | undefined): void {
    if (!denied) return this.#end()
    // What the user may not receive any more is not given out either.
    this.#buffer.clear()
    this.#end({ reason: denied })
  }

  #aborted(): void {
    this.#buffer.clear()
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
