// All sockets of a load: opened as fast as the server takes them, or refuses.

import { nowMicros } from '../../measure/clock.js'
import type { Protocol } from '../variants.js'
import { RawSocket } from './raw-socket.js'
import type { Tally } from './tally.js'

export interface CrowdPlan {
  readonly port: number
  readonly protocol: Protocol
  readonly sockets: number
  /** Socket n goes to room n % rooms; a single one is called `room`. */
  readonly rooms: readonly string[]
  /** How many of the sockets look into their messages. */
  readonly sampled: number
  /** They read no more once they are open. */
  readonly stalls?: boolean
}

export interface Opened {
  readonly opened: number
  readonly refused: number
  /** Why the first of them was. */
  readonly why: string | undefined
  readonly seconds: number
}

/** Handshakes at a time. */
const PENDING = 256

export class Crowd {
  readonly sockets: RawSocket[] = []
  readonly #tally: Tally

  constructor(tally: Tally) {
    this.#tally = tally
  }

  async open({
    port,
    protocol,
    sockets,
    rooms,
    sampled,
    stalls = false,
  }: CrowdPlan): Promise<Opened> {
    const beganAt = nowMicros()
    const sampleEvery = Math.max(1, Math.floor(sockets / sampled))
    let next = 0
    let opened = 0
    let refused = 0
    let why: string | undefined
    const openOneAfterTheOther = async () => {
      while (next < sockets) {
        const index = next++
        const socket = new RawSocket(
          {
            port,
            protocol,
            room: rooms[index % rooms.length] as string,
            // From the middle of its share: neither the first nor the last to be written to.
            sampled: sampled > 0 && index % sampleEvery === sampleEvery >> 1,
            stalls,
          },
          this.#tally,
        )
        try {
          await socket.opened
          opened++
          this.sockets.push(socket)
        } catch (error) {
          refused++
          why ??= String(error)
        }
      }
    }
    await Promise.all(Array.from({ length: Math.min(PENDING, sockets) }, openOneAfterTheOther))
    const seconds = (nowMicros() - beganAt) / 1e6
    return { opened, refused, why, seconds }
  }

  close(): void {
    for (const socket of this.sockets.splice(0)) socket.destroy()
  }
}
