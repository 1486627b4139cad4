// Publishes to groups of sockets by a topic of uWS, where the group stays the same from turn to turn.
//
// To each socket that is the same as `send`: uWS puts what was published before whatever it sends to
// the socket afterwards, be it a message, a pong or a close frame, and without a `maxBackpressure`
// it leaves nothing out. It writes what was published when the turn ends.

import { randomUUID } from 'node:crypto'
import type { UwsApp } from './app.js'
import { Cohort } from './cohort.js'
import type { UwsSocket } from './uws-socket.js'

/** One in so many may come or go, and it is still the same cohort. */
const CHANGE = 8

/** @internal */
export class Cohorts {
  readonly #app: UwsApp
  /** Topics belong to the app: others may use it. */
  readonly #name = `chan ${randomUUID()} `
  #count = 0
  #turn = 0

  constructor(app: UwsApp) {
    this.#app = app
  }

  /**
   * The live cohort that has just these sockets, if there is one by now.
   * @param frames how many they are about to get
   */
  liveOf(sockets: readonly UwsSocket[], frames: number): Cohort | undefined {
    const cohort = likely(sockets)
    if (cohort === undefined) return this.#found(sockets)
    const turn = ++this.#turn
    const strangers: UwsSocket[] = []
    for (const socket of sockets) {
      socket.turn = turn
      if (socket.cohort !== cohort) strangers.push(socket)
    }
    const absent = cohort.size + strangers.length - sockets.length
    if ((absent + strangers.length) * CHANGE > sockets.length) return this.#found(sockets)
    if (absent > 0) cohort.keep(turn)
    for (const socket of strangers) cohort.add(socket)
    if (!cohort.isLive) return void cohort.hold(frames)
    if (this.#app.numSubscribers(cohort.topic) === cohort.size) return cohort
    // Would be a fault of ours: found here, it costs a little speed, and nobody a message.
    cohort.dissolve()
    return undefined
  }

  #found(sockets: readonly UwsSocket[]): undefined {
    new Cohort(this.#name + ++this.#count, sockets)
  }
}

/** The cohort that most of the sockets may be in: that of two out of three, or any. */
function likely(sockets: readonly UwsSocket[]): Cohort | undefined {
  const first = sockets[0]?.cohort
  const middle = sockets[sockets.length >> 1]?.cohort
  const last = sockets.at(-1)?.cohort
  return middle === last ? (middle ?? first) : (first ?? middle ?? last)
}
