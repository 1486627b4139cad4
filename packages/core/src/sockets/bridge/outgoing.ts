// The way out: history first, then live, without overlap or hole. Live messages are held while
// history is read and sent, at the pace of the peer.

import { CloseCode, type Message, type Position } from '@chan/protocol'
import type { Subscription } from '../../channel/subscription.js'
import { passes } from '../../model/call.js'
import type { Bridge } from './bridge.js'

/** @internal */
export class Outgoing {
  readonly #bridge: Bridge
  #held: Message[] | undefined = []
  #heldLength = 0

  constructor(bridge: Bridge) {
    this.#bridge = bridge
  }

  /** The subscription's callback. */
  readonly deliver = (message: Message): void => {
    if (this.#held === undefined) return this.#send(message)
    this.#held.push(message)
    this.#heldLength += message.body.length
    const { connection } = this.#bridge
    // A peer that reads history more slowly than new messages come is a slow consumer, too.
    if (this.#heldLength > connection.limits.maxBufferedBytes) {
      this.#held = []
      connection.close(CloseCode.slowConsumer, 'slow consumer')
    }
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
    const { channel, ended } = this.#bridge
    if (begin.offset === 0) return []
    const reading = channel.history({
      before: { epoch: begin.epoch, offset: begin.offset + 1 },
      ...(limit !== undefined && { limit }),
    })
    return Promise.race([reading, ended.then(() => [])])
  }

  /** Resolves when there is room for the next one; at once where nothing waits. */
  #sendPaced(message: Message): Promise<void> | undefined {
    this.#send(message)
    return this.#bridge.connection.outbox.room()
  }

  #send(message: Message): void {
    if (this.#passes(message)) this.#bridge.connection.outbox.send(message.toJson())
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
