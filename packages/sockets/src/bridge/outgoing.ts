// The way out: history first, then live, without overlap or hole. Live messages are held while
// history is read and sent, at the pace of the peer.

import {
  type MessageReceiver,
  passes,
  type SlowConsumer,
  type Subscription,
} from '@chan/core/connections'
import { CloseCode, type Message, type Position } from '@chan/protocol'
import type { Outbox } from '../connection/outbox.js'
import type { Turn } from '../connection/turn.js'
import type { Bridge } from './bridge.js'

/** @internal */
export class Outgoing implements MessageReceiver {
  // What every message needs stands here: thousands of bridges fit into no cache.
  readonly #outbox: Outbox
  readonly #turn: Turn
  readonly #slow: SlowConsumer
  readonly #filtered: boolean
  readonly #bridge: Bridge
  #held: Message[] | undefined = []
  #heldLength = 0

  constructor(bridge: Bridge) {
    const { connection } = bridge
    this.#outbox = connection.outbox
    this.#turn = connection.home.turn
    this.#slow = bridge.inner.slowConsumer()
    this.#filtered = bridge.options.filterFn !== undefined
    this.#bridge = bridge
  }

  deliver(message: Message): void {
    if (this.#held === undefined) return this.#send(message)
    this.#held.push(message)
    this.#heldLength += message.body.length
    // A peer that reads history more slowly than new messages come is a slow consumer, too.
    if (this.#heldLength > this.#bridge.connection.limits.maxBufferedBytes)
      this.#shorten(this.#held)
  }

  /** The client comes back and is sent history. */
  reset(): void {
    this.#bridge.connection.close(CloseCode.slowConsumer, 'messages were lost')
  }

  /** Sends up to `limit` messages of history, then what was held, then lets go. */
  async catchUp(subscription: Subscription, limit: number | undefined): Promise<void> {
    const held = this.#held ?? []
    // The place where live began. Asked of the first live message, because the subscription may have
    // moved on before its promise was read.
    const first = held.find((message) => message.offset !== undefined)
    const begin = first ? before(first) : subscription.position
    const history = limit === 0 ? [] : await this.#history(begin, limit)
    for (const message of history) await this.#sendPaced(message)
    for (let next = held.shift(); next; next = held.shift()) {
      this.#heldLength -= next.body.length
      await this.#sendPaced(next)
    }
    // No turn has passed since the last look: nothing can come between.
    this.#held = undefined
  }

  async #history(begin: Position, limit: number | undefined): Promise<readonly Message[]> {
    const bridge = this.#bridge
    if (begin.offset === 0) return []
    const reading = bridge.target.history({
      before: { epoch: begin.epoch, offset: begin.offset + 1 },
      ...(limit !== undefined && { limit }),
    })
    return (await bridge.untilEnded(reading)) ?? []
  }

  /** Resolves when there is room for the next one; at once where nothing waits. */
  #sendPaced(message: Message): Promise<void> | undefined {
    this.#send(message)
    return this.#outbox.room()
  }

  #send(message: Message): void {
    if (this.#filtered && !this.#passes(message)) return
    this.#outbox.push(this.#turn.frameOf(message, this.#slow))
  }

  #shorten(held: Message[]): void {
    const { policy, counts, keyOf } = this.#slow
    const { connection } = this.#bridge
    const before = held.length
    if (policy === 'drop') {
      held.pop()
      counts.dropped++
    } else if (policy === 'conflate') {
      const newest = new Map(held.map((message) => [keyOf(message), message]))
      held.splice(0, before, ...held.filter((message) => newest.get(keyOf(message)) === message))
      counts.conflated += before - held.length
    }
    this.#heldLength = held.reduce((length, { body }) => length + body.length, 0)
    if (this.#heldLength <= connection.limits.maxBufferedBytes) return
    held.length = 0
    if (!connection.ending) counts.disconnected++
    connection.close(CloseCode.slowConsumer, 'slow consumer')
  }

  /** Asked here for history and live alike. A filter that throws skips the message. */
  #passes(message: Message): boolean {
    const { filterFn } = this.#bridge.options
    if (!filterFn) return true
    return passes(filterFn, message, (error) => this.#bridge.report('filter', error))
  }
}

function before({ epoch = '', offset = 1 }: Message): Position {
  return { epoch, offset: offset - 1 }
}
