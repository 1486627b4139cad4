// The same frames to many sockets: made into bytes once, and written to each once, or by uWS to all.

import { Buffer } from 'node:buffer'
import type { Bundle, FanOut, Frame, Socket } from '@chan/sockets'
import type { UwsApp } from './app.js'
import { Cohorts } from './cohorts.js'
import { isDeflated, type UwsSocket, wireBytes } from './uws-socket.js'

/** Fewer sockets are not worth finding out whether they are the same as before. */
const MANY_SOCKETS = 16
/** uWS holds so many published messages for a socket, and writes so much at once. */
const MOST_FRAMES = 32
const MOST_BYTES = 16 * 1024

/** @internal */
export class UwsFanOut implements FanOut {
  readonly #app: UwsApp
  readonly #deflates: boolean
  readonly #cohorts: Cohorts

  constructor(app: UwsApp, deflates: boolean) {
    this.#app = app
    this.#deflates = deflates
    this.#cohorts = new Cohorts(app)
  }

  write(bundle: Bundle, sockets: readonly Socket[]): void {
    const frames = bundle.frames.map(bytesOf)
    const ours = sockets as readonly UwsSocket[]
    const cohort = isWorthwhile(bundle, sockets.length)
      ? this.#cohorts.liveOf(ours, bundle.length)
      : undefined
    if (cohort === undefined) for (const socket of ours) socket.write(frames)
    else {
      for (const frame of frames) {
        const deflated = isDeflated(frame, this.#deflates)
        cohort.count(wireBytes(frame, deflated))
        this.#app.publish(cohort.topic, frame, false, deflated)
      }
    }
  }
}

function isWorthwhile({ length, bytes }: Bundle, sockets: number): boolean {
  return length <= MOST_FRAMES && bytes < MOST_BYTES && sockets >= MANY_SOCKETS
}

function bytesOf(frame: Frame): Uint8Array {
  frame.wire ??= Buffer.from(frame.text)
  return frame.wire as Uint8Array
}
