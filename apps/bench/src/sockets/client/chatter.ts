// Lets the sockets themselves publish to their rooms, as fast as the server follows or at a rate.

import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { nowMicros } from '../../measure/clock.js'
import { eventEnvelope, stampNow } from '../message.js'
import type { Protocol } from '../variants.js'
import type { RawSocket } from './raw-socket.js'
import type { Tally } from './tally.js'

export interface ChatPlan {
  readonly protocol: Protocol
  /** Default: until it is stopped. */
  readonly publishes?: number
  /** Who gets each message. */
  readonly receivers: number
  /** Publishes that may be undelivered. */
  readonly window: number
  /** Milliseconds from one publish to the next; 0 for as fast as they go. */
  readonly everyMs: number
}

/** Sent before the event loop has its turn. */
const AT_ONCE = 20

export class Chatter {
  readonly #sockets: readonly RawSocket[]
  readonly #tally: Tally
  /** Of messages in each room, as the server numbers them. */
  readonly #offsets = new Map<string, number>()
  #stopped = false

  constructor(sockets: readonly RawSocket[], tally: Tally) {
    this.#sockets = sockets
    this.#tally = tally
  }

  /** → how many were published. */
  async run({ protocol, publishes = Number.POSITIVE_INFINITY, ...plan }: ChatPlan) {
    const { receivers, window, everyMs } = plan
    const beganAt = nowMicros()
    let sent = 0
    this.#stopped = false
    while (sent < publishes && !this.#stopped) {
      const free = window - (sent - this.#tally.deliveries / receivers)
      const due = everyMs === 0 ? AT_ONCE : (nowMicros() - beganAt) / (everyMs * 1000) - sent
      const now = Math.min(Math.floor(due), Math.floor(free), publishes - sent)
      for (let one = 0; one < now; one++) this.#speak(sent++, protocol)
      await (everyMs === 0 ? nextTurn() : sleep(1))
    }
    return sent
  }

  stop(): void {
    this.#stopped = true
  }

  /** Everybody in turn, and so all rooms in turn. */
  #speak(turn: number, protocol: Protocol): void {
    const socket = this.#sockets[turn % this.#sockets.length] as RawSocket
    const data = { t: stampNow() }
    if (protocol === 'websocket') return socket.send(JSON.stringify(data))
    const offset = (this.#offsets.get(socket.room) ?? 0) + 1
    this.#offsets.set(socket.room, offset)
    socket.send(`42${JSON.stringify(['m', eventEnvelope(socket.room, data, offset)])}`)
  }
}
