// Sockets that keep getting the same frames, and the topic of uWS that they share once it is sure
// that they do.

import type { UwsSocket } from './uws-socket.js'

/** Frames that the members got together before they are subscribed, which costs a few by itself. */
const STEADY_FRAMES = 8

/** @internal A socket is in one at most. */
export class Cohort {
  readonly topic: string
  readonly #members: UwsSocket[] = []
  #frames = 0
  #isLive = false
  #published = 0
  #held = 0

  constructor(topic: string, sockets: readonly UwsSocket[]) {
    this.topic = topic
    for (const socket of sockets) this.add(socket)
  }

  get size(): number {
    return this.#members.length
  }

  /** The members are subscribed to the topic, and nobody else is. */
  get isLive(): boolean {
    return this.#isLive
  }

  /** Bytes that were published to it. */
  get published(): number {
    return this.#published
  }

  /** Those of them that uWS does not hold any more, until its turn ends: it has given them to all. */
  get given(): number {
    return this.#published - this.#held
  }

  /** So many bytes are published. */
  count(bytes: number): void {
    if (this.#held === 0) {
      setImmediate(() => {
        this.#held = 0
      })
    }
    this.#held += bytes
    this.#published += bytes
  }

  /** Takes a socket, from the cohort that it was in. */
  add(socket: UwsSocket): void {
    socket.cohort?.remove(socket)
    socket.cohort = this
    socket.place = this.#members.push(socket) - 1
    if (this.#isLive) socket.subscribe(this)
  }

  remove(socket: UwsSocket): void {
    const last = this.#members.pop()
    if (last !== undefined && last !== socket) {
      this.#members[socket.place] = last
      last.place = socket.place
    }
    socket.cohort = undefined
    if (this.#isLive) socket.unsubscribe(this)
  }

  /** Removes who was not seen this turn. */
  keep(turn: number): void {
    for (let at = this.#members.length - 1; at >= 0; at--) {
      const socket = this.#members[at]
      if (socket !== undefined && socket.turn !== turn) this.remove(socket)
    }
  }

  /** The members, who were the members before, get so many frames again. */
  hold(frames: number): void {
    this.#frames += frames
    if (this.#frames < STEADY_FRAMES) return
    this.#isLive = true
    for (const socket of this.#members) socket.subscribe(this)
  }

  dissolve(): void {
    this.keep(Number.NaN)
  }
}
